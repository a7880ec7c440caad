"""Sites over HTTP."""

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from figures.serializers import OverviewSerializer
from tests.support.factories import DeviceFactory, LatestFactory, SiteFactory

SITES = "/api/v1/sites/"


def test_a_site_is_answered_with_exactly_the_documented_fields(api_client_for, standard, site):
    DeviceFactory.create_batch(2, site=site)
    answer = api_client_for(standard).get(f"{SITES}{site.pk}/").json()
    assert answer == {
        "id": site.pk,
        "url": f"http://testserver{SITES}{site.pk}/",
        "name": "Harbour depot",
        "slug": "harbour-depot",
        "description": "",
        "address": "",
        "latitude": None,
        "longitude": None,
        "time_zone": "Europe/Amsterdam",
        "device_count": 2,
        "created_at": site.created_at.isoformat().replace("+00:00", "Z"),
        "updated_at": site.updated_at.isoformat().replace("+00:00", "Z"),
    }


@pytest.mark.parametrize("path", [SITES, "/api/v1/devices/", "/api/v1/metrics/"])
def test_an_address_leads_to_its_row_whatever_format_is_asked_for(
    api_client_for, standard, metric, path
):
    client = api_client_for(standard)
    (row,) = client.get(f"{path}?format=json").json()["results"]
    assert row["url"] == f"http://testserver{path}{row['id']}/"
    assert client.get(row["url"]).json()["id"] == row["id"]


def test_a_list_holds_only_the_sites_one_is_assigned_to(
    api_client_for, technician, site, foreign_site
):
    answer = api_client_for(technician).get(SITES).json()
    assert (answer["count"], answer["next"], answer["previous"]) == (1, None, None)
    assert [row["id"] for row in answer["results"]] == [site.pk]


def test_an_administrator_sees_every_site(api_client_for, administrator, site, foreign_site):
    assert api_client_for(administrator).get(SITES).json()["count"] == 2


def test_a_deactivated_administrator_sees_nothing(api_client_for, administrator, site):
    client = api_client_for(administrator)
    administrator.is_active = False
    administrator.save()
    assert client.get(SITES).status_code == 401


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_sites_are_made_in_the_admin_only(api_client_for, administrator, site, method):
    client = api_client_for(administrator)
    address = SITES if method == "post" else f"{SITES}{site.pk}/"
    assert getattr(client, method)(address, {"name": "New"}).status_code == 405


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("?name=harb", ["Harbour depot"]),
        ("?search=roof", ["Roof"]),
        ("?ordering=-name", ["Roof", "Harbour depot"]),
        ("?page=2&page_size=1", ["Roof"]),
        ("?kind=load_meter", ["Roof"]),
        ("?state=empty", ["Harbour depot"]),
    ],
)
def test_a_list_is_filtered_searched_ordered_and_paged(
    api_client_for, technician, site, query, names
):
    DeviceFactory(site=SiteFactory(name="Roof", users=[technician]))
    rows = api_client_for(technician).get(f"{SITES}{query}").json()["results"]
    assert [row["name"] for row in rows] == names


def test_pages_link_to_each_other(api_client_for, technician, site):
    SiteFactory.create_batch(2, users=[technician])
    answer = api_client_for(technician).get(f"{SITES}?page=2&page_size=1").json()
    assert answer["count"] == 3
    assert answer["next"].endswith("?page=3&page_size=1")
    assert answer["previous"].endswith("?page_size=1")


@pytest.mark.parametrize("count", [1, 3, 30])
def test_a_list_takes_the_same_number_of_queries_however_long(
    api_client_for, standard, django_assert_num_queries, count
):
    for site in SiteFactory.create_batch(count, users=[standard]):
        DeviceFactory(site=site)
    client = api_client_for(standard)
    with django_assert_num_queries(4):  # session, user, count, page
        assert len(client.get(SITES).json()["results"]) == count


@pytest.mark.parametrize("count", [1, 3, 30])
def test_a_detail_takes_the_same_number_of_queries_however_large(
    api_client_for, standard, site, django_assert_num_queries, count
):
    DeviceFactory.create_batch(count, site=site)
    client = api_client_for(standard)
    with django_assert_num_queries(3):  # session, user, Site
        assert client.get(f"{SITES}{site.pk}/").json()["device_count"] == count


def test_an_overview_names_every_figure_of_the_site(api_client_for, standard, site, device):
    answer = api_client_for(standard).get(f"{SITES}{site.pk}/overview/").json()
    assert answer.keys() == OverviewSerializer().fields.keys()
    assert answer["autarky"] == {
        "value": None,
        "unit": "%",
        "timestamp": None,
        "coverage": 0.0,
        "partial": None,
        "missing": [],
    }


def test_an_overview_tells_the_power_now(api_client_for, standard, site, device):
    LatestFactory(metric=device.metrics.get(), value=1500)
    with time_machine.travel("2026-06-01T12:00:30Z"):
        answer = api_client_for(standard).get(f"{SITES}{site.pk}/overview/").json()
    assert answer["consumption_power"] == {
        "value": 1500.0,
        "unit": "W",
        "timestamp": "2026-06-01T12:00:00Z",
        "coverage": 1.0,
        "partial": 1500.0,
        "missing": [],
    }


def test_an_invisible_sites_overview_does_not_exist(api_client_for, standard, foreign_site):
    assert api_client_for(standard).get(f"{SITES}{foreign_site.pk}/overview/").status_code == 404


def test_an_overview_takes_the_same_number_of_queries_however_many_devices(
    api_client_for, standard, site
):
    client, taken = api_client_for(standard), []
    for count in (1, 2, 27):
        DeviceFactory.create_batch(count, site=site)
        with CaptureQueriesContext(connection) as queries:
            assert client.get(f"{SITES}{site.pk}/overview/").status_code == 200
        taken.append(len(queries))
    # Session, user, Site, equipment, and at most five of readings: of many Metrics the first asks
    # how much there is, once the day is long enough. Four more ask when what was silent in the
    # period was read first.
    assert max(taken) <= 16

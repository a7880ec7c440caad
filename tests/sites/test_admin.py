"""Sites in the admin."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from devices.models import Device
from metrics.models import Metric
from sites.models import Site
from tests.support.admin import confirm, faults, formset, preview
from tests.support.factories import DeviceFactory, SiteFactory

LIST = "/admin/sites/site/"
ADD = f"{LIST}add/"
IMPORT = f"{LIST}import/"
HEAD = "slug,name,time_zone,latitude,longitude\n"


@pytest.fixture
def admin(administrator: User, client_for: Callable[[User], Client]) -> Client:
    return client_for(administrator)


def form(**changes: Any) -> dict[str, Any]:
    filled = {"name": "North", "slug": "north", "time_zone": "Europe/Oslo"}
    return filled | formset("devices") | changes


def test_a_site_is_added_with_its_users_and_devices_on_one_page(
    admin: Client, technician: User
) -> None:
    users = {"assigned": [technician.pk]}
    devices = formset("devices", [{"name": "Roof", "kind": "pv_array", "status": "active"}])
    assert admin.post(ADD, form() | users | devices).status_code == 302
    site = Site.objects.get(slug="north")
    assert site.users.get() == technician
    assert site.devices.get().metrics.get().key == "dc_power"


def test_staff_sees_how_many_users_a_site_has_in_all(
    client_for: Callable[[User], Client], technician: User, site: Site
) -> None:
    technician.is_staff = True
    technician.save()
    (listed,) = client_for(technician).get(LIST).context["cl"].result_list
    assert listed.user_count == site.users.count() == 2


@pytest.mark.parametrize(
    "changes",
    [
        {"time_zone": "Mars/Olympus"},
        {"latitude": "91"},
        {"longitude": "-181"},
        {"longitude": "nan"},
        {"slug": "not a slug"},
        {"name": ""},
    ],
)
def test_a_site_that_cannot_be_is_refused_in_the_form(
    changes: dict[str, str], admin: Client
) -> None:
    answer = admin.post(ADD, form(**changes))
    assert answer.status_code == 200
    assert list(answer.context["adminform"].form.errors) == list(changes)


def test_deleting_a_site_says_first_what_goes_with_it(admin: Client, metric: Metric) -> None:
    page = admin.get(f"{LIST}{metric.device.site_id}/delete/").content.decode()
    assert "Devices: 1" in page
    assert "Metrics: 1" in page
    assert "whole history" in page


def test_a_site_is_deleted_with_its_devices(admin: Client, metric: Metric) -> None:
    url = f"{LIST}{metric.device.site_id}/delete/"
    assert admin.post(url, {"post": "yes"}).status_code == 302
    assert not Device.objects.exists()


def test_staff_see_only_their_sites(
    technician: User, site: Site, foreign_site: Site, client_for: Callable[[User], Client]
) -> None:
    technician.is_staff = True
    technician.save()
    page = client_for(technician).get(LIST).content.decode()
    assert site.name in page
    assert foreign_site.name not in page


def test_sites_are_imported_by_slug(admin: Client, site: Site) -> None:
    text = f"{HEAD}{site.slug},{site.name},Europe/Paris,52.4,4.9\nnew,New,UTC,,\n"
    assert confirm(admin, IMPORT, preview(admin, IMPORT, text)).status_code == 302
    site.refresh_from_db()
    assert (site.time_zone, site.latitude) == ("Europe/Paris", 52.4)
    assert Site.objects.get(slug="new").latitude is None


@pytest.mark.parametrize("text", ["name\nWest Yard\n", "slug,name,time_zone\n,West Yard,\n"])
def test_a_site_without_a_slug_gets_one_from_its_name(text: str, admin: Client) -> None:
    assert confirm(admin, IMPORT, preview(admin, IMPORT, text)).status_code == 302
    site = Site.objects.get()
    assert (site.slug, site.time_zone) == ("west-yard", "UTC")


def test_a_file_from_a_spreadsheet_is_read(admin: Client) -> None:
    text = "\ufeffslug,name,time_zone\r\nwest,Väst,Europe/Stockholm\r\n"
    assert confirm(admin, IMPORT, preview(admin, IMPORT, text)).status_code == 302
    assert Site.objects.get().name == "Väst"


@pytest.mark.parametrize(
    ("row", "field"),
    [
        ("bad,Bad,Mars/Olympus,,", "time_zone"),
        ("bad,Bad,UTC,91,", "latitude"),
        ("bad,Bad,UTC,,east", "longitude"),
        ("not a slug,Bad,UTC,,", "slug"),
        ("bad,,UTC,,", "name"),
        ("bad,Good,UTC,,", "name"),
    ],
)
def test_an_import_names_the_fault_of_each_row(row: str, field: str, admin: Client) -> None:
    SiteFactory(name="Good", slug="good")
    previewed = preview(admin, IMPORT, f"{HEAD}good,Good,UTC,,\n{row}\n")
    assert [(number, list(messages)) for number, messages in faults(previewed)] == [(2, [field])]
    assert Site.objects.count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize("count", [1, 3, 30])
def test_the_list_takes_as_many_queries_for_many_sites_as_for_one(
    count: int, admin: Client, django_assert_max_num_queries: Any
) -> None:
    for site in SiteFactory.create_batch(count):
        DeviceFactory(site=site)
    with django_assert_max_num_queries(8):
        assert admin.get(LIST).status_code == 200

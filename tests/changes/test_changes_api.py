"""Changes in the API: who sees which, and how they are found."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine

from devices.models import Device
from sites.models import Site, SiteAssignment
from tests.changes.conftest import ADDRESS
from tests.support.factories import DeviceFactory, SiteFactory, UserFactory

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


@pytest.fixture
def client(technician, api_client_for):
    return api_client_for(technician)


def seen(client: Any, **query: Any) -> list[dict[str, Any]]:
    answer = client.get(ADDRESS, {"page_size": 500, **query})
    assert answer.status_code == 200, answer.content
    return answer.json()["results"]


def refused(client: Any, **query: Any) -> list[tuple[str, str]]:
    answer = client.get(ADDRESS, query)
    assert answer.status_code == 400
    return [(error["field"], error["code"]) for error in answer.json()["errors"]]


def test_a_technician_sees_the_changes_of_their_sites_alone(client, device, foreign_device):
    assert {entry["site"] for entry in seen(client)} == {device.site_id}
    assert {entry["kind"] for entry in seen(client)} == {"site", "assignment", "device", "metric"}


def test_staff_see_what_they_are_assigned_to(technician, client, device, foreign_device):
    technician.is_staff = True
    technician.save()
    assert {entry["site"] for entry in seen(client)} == {device.site_id}


def test_the_administrator_sees_all(administrator, api_client_for, device, foreign_device):
    entries = seen(api_client_for(administrator))
    assert {entry["site"] for entry in entries} == {None, device.site_id, foreign_device.site_id}


def test_who_is_no_technician_sees_none(standard, outsider, api_client_for, site):
    for user in (standard, outsider):
        assert api_client_for(user).get(ADDRESS).status_code == 403


def test_who_is_assigned_no_longer_sees_none(client, technician, device):
    SiteAssignment.objects.get(user=technician).delete()
    assert seen(client) == []


def test_what_was_deleted_stays_listed_under_its_site(client, device):
    client.delete(f"/api/v1/devices/{device.pk}/")
    for query in ({"site": device.site_id}, {"device": device.pk}):
        newest = seen(client, **query)[0]
        assert (newest["kind"], newest["action"], newest["name"]) == (
            "device",
            "deleted",
            "Main meter",
        )


def test_a_deleted_site_stays_listed_for_the_administrator(administrator, api_client_for, site):
    site_id = site.pk
    Site.objects.filter(pk=site_id).delete()
    client = api_client_for(administrator)
    assert seen(client, site=site_id)[0]["action"] == "deleted"


def test_changes_are_found_by_site_and_device(client, technician, device):
    other = DeviceFactory(site=SiteFactory(users=[technician]), name="Other")
    assert {entry["site"] for entry in seen(client, site=other.site_id)} == {other.site_id}
    found = seen(client, device=other.pk)
    assert {entry["kind"] for entry in found} == {"device", "metric"}
    assert {entry["device"] for entry in found} == {other.pk}
    assert seen(client, device=other.pk, site=device.site_id) == []


@pytest.mark.parametrize("by", ["username", "pk"])
def test_changes_are_found_by_who_made_them(client, technician, device, by):
    client.patch(f"/api/v1/devices/{device.pk}/", {"notes": "Hail"})
    (entry,) = seen(client, actor=getattr(technician, by))
    assert entry["actor"] == "tess"


def test_somebody_who_changed_nothing_has_no_changes(client, standard, site):
    assert seen(client, actor=standard.username) == []


def test_somebody_who_is_gone_is_found_by_what_they_changed(client, standard, device, site):
    standard.groups.set(technicians())
    name = standard.username
    patch_as(standard, device)
    standard.delete()
    assert [entry["actor"] for entry in seen(client, actor=name)] == [name]


def technicians() -> Any:
    from django.contrib.auth.models import Group

    return Group.objects.filter(name="technician")


def patch_as(user: Any, device: Device) -> None:
    from rest_framework.test import APIClient

    client = APIClient()
    client.force_login(user)
    assert client.patch(f"/api/v1/devices/{device.pk}/", {"notes": "Rain"}).status_code == 200


@pytest.mark.parametrize(
    ("since", "count"),
    [
        ("2026-06-01T12:00:00Z", 2),
        ("2026-06-01T14:00:00+02:00", 2),
        ("2026-06-01T12:00:00.000001Z", 1),
        ("2026-06-01", 2),
        ("2026-06-02", 1),
        ("2026-06-03", 0),
    ],
)
def test_changes_are_found_from_an_instant_on(client, device, since, count):
    for day, notes in ((0, "Rain"), (1, "Hail")):
        with time_machine.travel(NOON + timedelta(days=day), tick=False):
            client.patch(f"/api/v1/devices/{device.pk}/", {"notes": notes})
    assert len(seen(client, since=since, actor="tess")) == count


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("site", "x", "invalid"),
        ("site", "0", "min_value"),
        ("site", "9" * 19, "max_value"),
        ("device", "999999", "invalid_choice"),
        ("actor", "nobody", "invalid_choice"),
        ("actor", "x" * 151, "max_length"),
        ("actor", "\u0000", "invalid"),
        ("since", "yesterday", "invalid"),
        ("since", "2026-06-01T12:00:00", "invalid"),
        ("ordering", "actor", "invalid_choice"),
        ("kind", "device", "unknown_parameter"),
    ],
)
def test_a_value_that_is_none_is_refused(client, device, name, value, code):
    assert refused(client, **{name: value}) == [(name, code)]


def test_what_is_hidden_is_refused_like_what_does_not_exist(client, foreign_device, device):
    stranger = UserFactory(username="stranger")
    hidden = {
        "site": foreign_device.site_id,
        "device": foreign_device.pk,
        "actor": stranger.username,
    }
    absent = {"site": 10**6, "device": 10**6, "actor": "nobody"}
    for name, value in hidden.items():
        one = client.get(ADDRESS, {name: value}).json()
        other = client.get(ADDRESS, {name: absent[name]}).json()
        assert one == other


def test_a_page_takes_as_many_queries_whatever_there_is(client, device, django_assert_num_queries):
    for count in (1, 30):
        DeviceFactory.create_batch(count, site=device.site)
        with django_assert_num_queries(5):  # session, user, permissions, count, page
            client.get(ADDRESS)


def test_the_newest_come_first_and_pages_follow(client, device):
    ids = [entry["id"] for entry in seen(client)]
    assert ids == sorted(ids, reverse=True)
    first = client.get(ADDRESS, {"page_size": 2}).json()
    second = client.get(first["next"]).json()
    assert [entry["id"] for entry in first["results"] + second["results"]] == ids[:4]


def test_changes_are_searched_by_name(client, device):
    assert {entry["kind"] for entry in seen(client, search="main METER")} == {"device", "metric"}


@pytest.mark.parametrize("verb", ["post", "put", "patch", "delete"])
def test_nobody_writes_there(administrator, api_client_for, site, verb):
    client = api_client_for(administrator)
    assert getattr(client, verb)(ADDRESS).status_code == 405
    entry = seen(client)[0]["id"]
    assert getattr(client, verb)(f"{ADDRESS}{entry}/").status_code == 404

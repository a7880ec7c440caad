"""What the log says on pages: names and values as people read them, and what the system did."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core.management import call_command

from devices.models import Device
from tests.support.factories import DeviceFactory, SiteFactory
from tests.support.readings import store

NOON = datetime(2026, 6, 15, 10, tzinfo=UTC)  # in Amsterdam


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


@pytest.fixture
def client(client_for, technician, site):
    return client_for(technician)


@pytest.fixture
def change(api_client_for, technician, device):
    """Changes the Device through the API."""
    client = api_client_for(technician)
    return lambda **values: client.patch(f"/api/v1/devices/{device.pk}/", values).json()


def said(client, address="/changes/"):
    """The text of the page's table, spaces made one."""
    page = client.get(address)
    assert page.status_code == 200
    text = page.content.decode().replace("\u202f", " ").replace("&gt;", ">")
    return " ".join(text.split())


def test_values_are_as_people_read_them(client, change):
    change(rated_power=1_000)
    assert "rated power: empty → 1.00 kW" in said(client)
    change(rated_power=2_500_000, status="maintenance")
    text = said(client)
    assert "rated power: 1.00 kW → 2.50 MW" in text
    assert "status: Active → " in text
    change(in_service_from="2026-06-01T12:00:00Z")
    assert "in service from: empty → 1 Jun 2026, 12:00" in said(client)


def test_of_what_came_and_went_only_what_was_filled_in_is_said(client, device):
    Device.objects.get(pk=device.pk).delete()
    text = said(client)
    assert "name was Main meter" in text
    assert "kind was Load meter" in text
    assert "notes was" not in text
    assert "empty" not in text


def test_rows_are_named_and_not_numbered(client, technician, site, device):
    text = said(client)
    assert f"site: {site.name}" in text
    assert "device: Main meter" in text
    assert "user: tess" in text
    assert f"site: {site.pk} " not in text


def test_of_a_row_that_is_gone_the_number_is_left(administrator, client_for, site, device):
    pk = site.pk
    site.delete()
    assert f"site was no. {pk}" in said(client_for(administrator), f"/changes/?site={pk}")


def test_the_page_takes_as_many_queries_however_many_rows_are_named(
    client, technician, django_assert_max_num_queries
):
    for count in (1, 30):
        for site in SiteFactory.create_batch(count, users=[technician]):
            DeviceFactory(site=site)
        with django_assert_max_num_queries(9):
            client.get("/changes/")


class TestDeletedReadings:
    def test_those_of_a_window_are_told_with_it(self, client, api_client_for, technician, metric):
        store(metric, {NOON: 1.0, NOON - timedelta(hours=1): 1.0})
        window = "start=2026-06-15T09:00:00Z&end=2026-06-15T10:30:00Z"
        api_client_for(technician).delete(f"/api/v1/metrics/{metric.pk}/readings/?{window}")
        text = said(client, f"/devices/{metric.device_id}/")
        assert "2 readings from 15 Jun 2026, 11:00 before 15 Jun 2026, 12:30" in text

    def test_those_that_are_not_kept_any_longer_are_the_systems_doing(
        self, client, api_client_for, technician, metric, foreign_metric, settings
    ):
        settings.HISTORY_RETENTION_DAYS = 5
        for each in (metric, foreign_metric):
            store(each, {NOON - timedelta(days=days): 1.0 for days in range(10)}, now=NOON)
        call_command("prune_history", verbosity=0)
        (entry,) = [
            each
            for each in api_client_for(technician).get("/api/v1/changes/").json()["results"]
            if each["kind"] == "readings"
        ]
        assert (entry["action"], entry["via"], entry["actor"]) == ("deleted", "system", None)
        assert (entry["site"], entry["name"]) == (metric.device.site_id, metric.device.site.name)
        assert [(each["field"], each["old"]) for each in entry["changes"]] == [
            ("count", 4),
            ("end", "2026-06-10T00:00:00+00:00"),
        ]
        text = said(client, f"/sites/{metric.device.site_id}/")
        assert "4 readings before 10 Jun 2026, 02:00" in text
        assert "The system" in text

    def test_where_nothing_was_pruned_nothing_is_told(self, client, metric, settings):
        settings.HISTORY_RETENTION_DAYS = 5
        store(metric, {NOON: 1.0})
        call_command("prune_history", verbosity=0)
        assert "The system" not in said(client)


class TestFiltersInWords:
    def test_a_time(self, client):
        assert "Since: 2026-06-01 00:00 UTC" in said(client, "/changes/?since=2026-06-01")

    def test_a_row(self, client, site, device):
        text = said(client, f"/changes/?site={site.pk}&device={device.pk}&actor=tess")
        assert "Site: Harbour depot" in text
        assert "Device: Main meter" in text
        assert "Who: tess" in text

    def test_nonsense_under_the_filters_own_name(self, client):
        answer = client.get("/changes/?since=banana")
        text = answer.content.decode()
        assert answer.status_code == 400
        assert "Since: banana" in text
        assert "greater than" not in text

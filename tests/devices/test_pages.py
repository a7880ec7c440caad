"""Adding, looking at, editing and deleting Devices, as people do it."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from devices.models import Device
from history import get_store
from tests.support.factories import DeviceFactory, MetricFactory, SubscriptionFactory
from tests.support.readings import store

NEW = {
    "name": "EV charger 5",
    "kind": "ev_charger",
    "metrics": ["ev_charger.active_power", "ev_charger.session_energy"],
    "expected_interval": 10,
    "status": "active",
    "serial_number": "EVC-0042",
    "rated_power": 22000,
}
WRONG = [
    ("name", ""),
    ("name", "x" * 121),
    ("kind", "toaster"),
    ("kind", ""),
    ("status", "broken"),
    ("metrics", []),
    ("metrics", ["ev_charger.secrets"]),
    ("metrics", ["battery.active_power"]),
    ("expected_interval", 0),
    ("expected_interval", "often"),
    ("rated_power", -1),
    ("rated_power", "nan"),
    ("rated_power", "inf"),
    ("rated_power", 1e15),
    ("serial_number", "x" * 121),
    ("notes", "x" * 10_001),
]


def keys(device):
    return list(device.metrics.values_list("key", flat=True))


def edited(device, **changes):
    """What the edit form sends back when only `changes` were made."""
    return {
        "name": device.name,
        "kind": device.kind,
        "status": device.status,
        "expected_interval": 60,
        "seen": device.updated_at.isoformat(),
        **changes,
    }


def test_a_technician_adds_a_device_with_the_metrics_of_its_kind(client_for, technician, site):
    response = client_for(technician).post(f"/sites/{site.pk}/devices/add/", NEW, follow=True)

    device = Device.objects.get(name="EV charger 5")
    assert response.redirect_chain[-1][0] == f"/devices/{device.pk}/"
    assert "“EV charger 5” was added to Harbour depot." in response.content.decode()
    assert keys(device) == ["active_power", "session_energy"]
    assert set(device.metrics.values_list("expected_interval", flat=True)) == {10}


def test_metrics_of_other_kinds_than_the_chosen_one_are_ignored(client_for, technician, site):
    chosen = [*NEW["metrics"], "battery.state_of_charge", "grid_meter.voltage"]

    client_for(technician).post(f"/sites/{site.pk}/devices/add/", {**NEW, "metrics": chosen})

    assert keys(Device.objects.get(name="EV charger 5")) == ["active_power", "session_energy"]


def test_the_headline_of_each_kind_is_chosen_to_begin_with(client_for, technician, site):
    page = client_for(technician).get(f"/sites/{site.pk}/devices/add/").content.decode()

    for choice in ("battery.state_of_charge", "weather_station.irradiance"):
        [box] = [tag for tag in page.split("<input") if f'value="{choice}"' in tag]
        assert " checked" in box


@pytest.mark.parametrize(("field", "value"), WRONG)
def test_what_is_wrong_is_named_and_what_was_typed_is_kept(
    client_for, technician, site, field, value
):
    address = f"/sites/{site.pk}/devices/add/"
    response = client_for(technician).post(address, {**NEW, field: value})

    page = response.content.decode()
    assert response.status_code == 200
    assert field in response.context["form"].errors
    assert "Fix 1 field to continue" in page
    assert field == "serial_number" or 'value="EVC-0042"' in page
    assert not Device.objects.exists()


def test_a_name_is_used_once_in_a_site(client_for, technician, site, device):
    response = client_for(technician).post(
        f"/sites/{site.pk}/devices/add/", {**NEW, "name": device.name}
    )

    assert "already has a device of that name" in str(response.context["form"].errors["name"])


def test_a_standard_user_may_not_write(client_for, standard, site, device):
    client = client_for(standard)

    for address in (
        f"/sites/{site.pk}/devices/add/",
        f"/devices/{device.pk}/edit/",
        f"/devices/{device.pk}/delete/",
    ):
        assert client.get(address).status_code == 403
        assert client.post(address, NEW).status_code == 403
    page = client.get(f"/devices/{device.pk}/").content.decode()
    assert "Edit device" not in page
    assert Device.objects.filter(pk=device.pk).exists()


def test_what_one_does_not_see_does_not_exist(client_for, technician, foreign_site, foreign_device):
    client = client_for(technician)

    for address in (
        f"/sites/{foreign_site.pk}/devices/add/",
        f"/devices/{foreign_device.pk}/",
        f"/devices/{foreign_device.pk}/edit/",
        f"/devices/{foreign_device.pk}/delete/",
    ):
        assert client.get(address).status_code == 404
        assert client.post(address, NEW).status_code in (404, 405)
    assert Device.objects.get() == foreign_device


def test_editing_changes_the_device_and_adds_metrics(client_for, technician, device):
    response = client_for(technician).post(
        f"/devices/{device.pk}/edit/",
        edited(device, name="Feeder 1", metrics=["load_meter.consumption_energy"]),
        follow=True,
    )

    device.refresh_from_db()
    assert device.name == "Feeder 1"
    assert keys(device) == ["active_power", "consumption_energy"]
    assert "“Feeder 1” was saved." in response.content.decode()


def test_editing_leaves_metrics_that_are_there_alone(client_for, technician, device):
    client_for(technician).post(
        f"/devices/{device.pk}/edit/", edited(device, metrics=["load_meter.active_power"])
    )

    assert keys(device) == ["active_power"]


def test_a_change_by_somebody_else_is_noticed_and_nothing_is_lost(client_for, technician, device):
    opened = edited(device, name="Mine")
    device.notes = "Changed meanwhile"
    device.save()
    client = client_for(technician)

    noticed = client.post(f"/devices/{device.pk}/edit/", opened)

    page = noticed.content.decode()
    assert "Somebody else changed this device" in page
    assert 'value="Mine"' in page
    again = {**opened, "seen": noticed.context["form"]["seen"].value()}
    assert client.post(f"/devices/{device.pk}/edit/", again).status_code == 302
    device.refresh_from_db()
    assert device.name == "Mine"


def test_a_mistake_in_an_edit_leaves_the_saved_name_in_the_breadcrumb(
    client_for, technician, device
):
    response = client_for(technician).post(f"/devices/{device.pk}/edit/", edited(device, name=""))

    assert ("Main meter", f"/devices/{device.pk}/") in response.context["crumbs"]


def test_the_delete_page_says_what_goes_with_the_device(
    client_for, technician, standard, device, metric
):
    MetricFactory(device=device)
    start = datetime(2026, 6, 1, tzinfo=UTC)
    store(metric, {start + timedelta(minutes=n): 1.0 for n in range(1234)})
    SubscriptionFactory(owner=technician, name="Peak shaving", metrics=[metric])
    SubscriptionFactory(owner=standard, name="Somebody's own", metrics=[metric])

    page = client_for(technician).get(f"/devices/{device.pk}/delete/").content.decode()

    assert "<dt>Metrics</dt><dd>2</dd>" in page
    assert "1,234" in page
    assert "Peak shaving" in page
    assert "1 of other people" in page
    assert "Somebody" not in page
    assert "autofocus>Keep device" in page


def test_looking_at_the_delete_page_deletes_nothing(client_for, technician, device):
    client_for(technician).get(f"/devices/{device.pk}/delete/")

    assert Device.objects.filter(pk=device.pk).exists()


def test_deleting_takes_metrics_and_history_along(client_for, technician, device, metric, site):
    store(metric, {datetime(2026, 6, 1, tzinfo=UTC): 1.0})

    response = client_for(technician).post(f"/devices/{device.pk}/delete/", follow=True)

    assert response.redirect_chain[-1][0] == f"/sites/{site.pk}/"
    assert "was deleted with its metrics and history" in response.content.decode()
    assert not Device.objects.exists()
    assert get_store().count([metric.pk]) == 0


def test_a_device_shows_each_metric_with_value_unit_age_and_direction(client_for, standard, site):
    device = DeviceFactory(site=site, name="Battery rack", kind="battery")
    power = MetricFactory(device=device, key="active_power", name="Active power")
    now = timezone.now()
    store(power, {now - timedelta(seconds=5): -96_000.0}, now=now)

    page = client_for(standard).get(f"/devices/{device.pk}/").content.decode()

    assert "Charging" in page
    assert '<span class="value is-live">96.0</span>\u202f<span class="unit">kW</span>' in page
    assert "No data yet" in page


def test_the_chart_is_of_the_metric_named_in_the_url(client_for, standard, device):
    MetricFactory(device=device, key="voltage", name="Voltage", unit="V")
    client = client_for(standard)

    assert client.get(f"/devices/{device.pk}/").context["shown"].key == "active_power"
    assert client.get(f"/devices/{device.pk}/?metric=voltage").context["shown"].key == "voltage"
    assert client.get(f"/devices/{device.pk}/?metric=unknown").status_code == 400


def test_devices_are_searched_and_filtered_in_the_url(client_for, technician, site, foreign_device):
    DeviceFactory(site=site, name="Store", kind="battery", serial_number="BR-7781")
    DeviceFactory(site=site, name="Old genset", kind="genset", status="retired")
    client = client_for(technician)

    def shown(query):
        response = client.get(f"/devices/?{query}")
        return [row.device.name for row in response.context["rows"]]

    assert shown("") == ["Old genset", "Store"]
    assert shown("search=7781") == ["Store"]
    assert shown("kind=genset&status=retired") == ["Old genset"]
    assert shown(f"site={site.pk}&ordering=-name") == ["Store", "Old genset"]


@pytest.mark.parametrize("query", ["kind=x", "status=x", "site=x", "site=0", "ordering=x"])
def test_an_unknown_filter_value_is_an_error(client_for, technician, device, query):
    assert client_for(technician).get(f"/devices/?{query}").status_code == 400


def test_a_foreign_site_is_as_unknown_as_none(client_for, technician, device, foreign_site):
    assert client_for(technician).get(f"/devices/?site={foreign_site.pk}").status_code == 400


@pytest.mark.parametrize("count", [1, 3, 30])
def test_the_device_list_takes_as_many_queries_however_long(
    client_for, technician, site, django_assert_max_num_queries, count
):
    for device in DeviceFactory.create_batch(count, site=site):
        store(device.metrics.get(), {timezone.now(): 1.0})
    client = client_for(technician)

    with django_assert_max_num_queries(11):
        assert len(client.get("/devices/").context["rows"]) == count


@pytest.mark.parametrize("count", [1, 3, 30])
def test_a_device_page_takes_as_many_queries_however_many_metrics(
    client_for, technician, device, django_assert_max_num_queries, count
):
    for metric in [device.metrics.get(), *MetricFactory.create_batch(count - 1, device=device)]:
        store(metric, {timezone.now(): 1.0})
    client = client_for(technician)

    with django_assert_max_num_queries(17):
        assert len(client.get(f"/devices/{device.pk}/").context["row"].metrics) == count


def test_who_loses_a_race_for_a_name_is_told_so(client_for, technician, site, monkeypatch):
    validate = Device.validate_constraints
    attempts = iter(["overtaken", "beaten"])

    def overtaken(device, exclude=None):
        if next(attempts) == "overtaken":
            validate(device, exclude)
            DeviceFactory(site=site, name=device.name)
        else:
            DeviceFactory(site=site, name=NEW["name"])
            validate(device, exclude)

    monkeypatch.setattr(Device, "validate_constraints", overtaken)

    page = client_for(technician).post(f"/sites/{site.pk}/devices/add/", NEW)

    assert page.status_code == 200
    assert "name" in page.context["form"].errors
    assert Device.objects.filter(site=site, name=NEW["name"]).count() == 1

"""Devices in the admin."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from devices.models import Device
from metrics.models import Metric
from sites.models import Site
from tests.support.admin import confirm, faults, formset, preview
from tests.support.factories import DeviceFactory, LatestFactory, MetricFactory, SiteFactory

LIST = "/admin/devices/device/"
ADD = f"{LIST}add/"
IMPORT = f"{LIST}import/"
HEAD = "site,name,kind,rated_power\n"


@pytest.fixture
def admin(administrator: User, client_for: Callable[[User], Client]) -> Client:
    return client_for(administrator)


@pytest.fixture
def staff(technician: User, client_for: Callable[[User], Client]) -> Client:
    """A technician who may use the admin."""
    technician.is_staff = True
    technician.save()
    return client_for(technician)


def form(site: Site, **changes: Any) -> dict[str, Any]:
    filled = {"site": site.pk, "name": "Roof", "kind": "inverter", "status": "active"}
    return filled | formset("metrics") | changes


def metric_row(**changes: Any) -> dict[str, Any]:
    row = {"key": "frequency", "name": "Frequency", "unit": "Hz", "type": "gauge"}
    return row | {"expected_interval": 60} | changes


def stored_row(metric: Metric, **changes: Any) -> dict[str, Any]:
    names = ("key", "name", "unit", "type", "expected_interval")
    row = {name: getattr(metric, name) for name in names}
    return row | {"id": metric.pk, "device": metric.device_id} | changes


def change_url(device: Device) -> str:
    return f"{LIST}{device.pk}/change/"


def keys(device: Device) -> list[str]:
    return sorted(device.metrics.values_list("key", flat=True))


def test_a_device_without_metric_rows_gets_its_headline(admin: Client, site: Site) -> None:
    assert admin.post(ADD, form(site)).status_code == 302
    assert keys(Device.objects.get(name="Roof")) == ["active_power"]


def test_a_device_with_metric_rows_gets_those_and_no_other(admin: Client, site: Site) -> None:
    rows = [metric_row(), metric_row(key="active_power", name="Power", unit="W")]
    assert admin.post(ADD, form(site) | formset("metrics", rows)).status_code == 302
    assert keys(Device.objects.get(name="Roof")) == ["active_power", "frequency"]


def test_metric_rows_that_are_crossed_out_again_count_as_none(admin: Client, site: Site) -> None:
    rows = [metric_row(DELETE="on")]
    assert admin.post(ADD, form(site) | formset("metrics", rows)).status_code == 302
    assert keys(Device.objects.get(name="Roof")) == ["active_power"]


def test_the_same_key_twice_is_refused_in_the_form(admin: Client, site: Site) -> None:
    answer = admin.post(ADD, form(site) | formset("metrics", [metric_row(), metric_row()]))
    assert answer.status_code == 200
    assert "duplicate" in answer.content.decode()
    assert not Device.objects.exists()


def test_removing_the_last_metric_is_refused_in_the_form(admin: Client, metric: Metric) -> None:
    rows = formset("metrics", [stored_row(metric, DELETE="on")], existing=1)
    device = metric.device
    answer = admin.post(change_url(device), form(device.site, kind=device.kind) | rows)
    assert answer.status_code == 200
    assert "at least one metric" in answer.content.decode()
    assert keys(device) == ["active_power"]


def test_the_last_metric_may_be_replaced_in_one_save(admin: Client, metric: Metric) -> None:
    rows = formset("metrics", [stored_row(metric, DELETE="on"), metric_row()], existing=1)
    device = metric.device
    answer = admin.post(change_url(device), form(device.site, kind=device.kind) | rows)
    assert answer.status_code == 302
    assert keys(device) == ["frequency"]


def test_deleting_a_device_says_first_what_goes_with_it(admin: Client, metric: Metric) -> None:
    LatestFactory(metric=metric)
    page = admin.get(f"{LIST}{metric.device_id}/delete/").content.decode()
    assert "Latest values: 1" in page
    assert "Metrics: 1" in page
    assert "whole history" in page


def test_a_device_is_deleted_with_all_its_metrics(admin: Client, metric: Metric) -> None:
    answer = admin.post(f"{LIST}{metric.device_id}/delete/", {"post": "yes"})
    assert answer.status_code == 302
    assert not Metric.objects.exists()


def test_staff_who_may_delete_devices_may_do_so_with_latest_values(
    staff: Client, metric: Metric
) -> None:
    LatestFactory(metric=metric)
    assert staff.post(f"{LIST}{metric.device_id}/delete/", {"post": "yes"}).status_code == 302
    assert not Device.objects.exists()


def test_moving_to_a_site_where_the_slug_is_taken_is_refused_in_the_form(
    admin: Client, metric: Metric, foreign_site: Site
) -> None:
    DeviceFactory(site=foreign_site, name="main METER")
    rows = formset("metrics", [stored_row(metric)], existing=1)
    data = form(foreign_site, name="Main meter", kind="load_meter") | rows
    answer = admin.post(change_url(metric.device), data)
    assert answer.status_code == 200
    assert "slug main-meter" in answer.content.decode()


def test_staff_list_only_devices_of_their_sites(
    staff: Client, device: Device, foreign_device: Device
) -> None:
    page = staff.get(LIST).content.decode()
    assert device.name in page
    assert foreign_device.name not in page


def test_a_foreign_device_does_not_exist_for_staff(staff: Client, foreign_device: Device) -> None:
    answer = staff.get(change_url(foreign_device), follow=True)
    assert "doesn’t exist" in answer.content.decode()


def test_staff_cannot_put_a_device_on_a_foreign_site(
    staff: Client, site: Site, foreign_site: Site
) -> None:
    answer = staff.post(ADD, form(foreign_site))
    assert answer.status_code == 200
    assert "site" in answer.context["adminform"].form.errors
    assert not Device.objects.exists()


def test_completion_offers_staff_only_their_sites(
    staff: Client, site: Site, foreign_site: Site
) -> None:
    target = {"app_label": "devices", "model_name": "device", "field_name": "site"}
    answer = staff.get(reverse("admin:autocomplete"), target | {"term": ""})
    assert [found["text"] for found in answer.json()["results"]] == [site.name]


# Import ----------------------------------------------------------------------------------


def test_an_import_shows_a_preview_and_changes_nothing_yet(admin: Client, site: Site) -> None:
    previewed = preview(admin, IMPORT, f"{HEAD}{site.slug},Roof,inverter,5000\n")
    assert "Roof" in previewed.content.decode()
    assert not Device.objects.exists()


def test_a_confirmed_import_makes_devices_with_slug_and_headline(admin: Client, site: Site) -> None:
    previewed = preview(admin, IMPORT, f"{HEAD}{site.slug},Roof east,inverter,5000\n")
    assert confirm(admin, IMPORT, previewed).status_code == 302
    device = Device.objects.get()
    assert (device.slug, device.rated_power, keys(device)) == (
        "roof-east",
        5000.0,
        ["active_power"],
    )


def test_an_import_changes_the_device_of_the_same_site_and_name(
    admin: Client, device: Device
) -> None:
    text = f"{HEAD}{device.site.slug},{device.name},load_meter,700\n"
    assert confirm(admin, IMPORT, preview(admin, IMPORT, text)).status_code == 302
    device.refresh_from_db()
    assert (Device.objects.count(), device.rated_power) == (1, 700.0)


@pytest.mark.parametrize(
    ("row", "field"),
    [
        ("nowhere,Roof,inverter,", "site"),
        (",Roof,inverter,", "site"),
        ("harbour-depot,,inverter,", "name"),
        ("harbour-depot,Roof,toaster,", "kind"),
        ("harbour-depot,Roof,inverter,-1", "rated_power"),
        ("harbour-depot,Roof,inverter,much", "rated_power"),
        (f"harbour-depot,{'x' * 200},inverter,", "name"),
    ],
)
def test_an_import_names_the_fault_of_each_row(
    row: str, field: str, admin: Client, site: Site
) -> None:
    previewed = preview(admin, IMPORT, f"{HEAD}harbour-depot,Good,inverter,\n{row}\n")
    assert [(number, list(messages)) for number, messages in faults(previewed)] == [(2, [field])]
    assert "confirm_form" not in previewed.context


def test_an_import_by_staff_knows_no_foreign_site(staff: Client, foreign_site: Site) -> None:
    foreign = preview(staff, IMPORT, f"{HEAD}{foreign_site.slug},Roof,inverter,\n")
    unknown = preview(staff, IMPORT, f"{HEAD}no-such-site,Roof,inverter,\n")
    assert str(faults(foreign)).replace(foreign_site.slug, "") == str(faults(unknown)).replace(
        "no-such-site", ""
    )


def test_who_may_not_add_devices_may_not_import_them(
    standard: User, client_for: Callable[[User], Client]
) -> None:
    standard.is_staff = True
    standard.save()
    assert client_for(standard).get(IMPORT).status_code == 403


@pytest.mark.django_db
@pytest.mark.parametrize("count", [1, 3, 30])
def test_the_list_takes_as_many_queries_for_many_devices_as_for_one(
    count: int, admin: Client, django_assert_max_num_queries: Any
) -> None:
    for site in SiteFactory.create_batch(count):
        MetricFactory(device=DeviceFactory(site=site))
    with django_assert_max_num_queries(10):
        assert admin.get(LIST).status_code == 200


@pytest.mark.parametrize("count", [1, 3, 30])
def test_a_devices_page_takes_as_many_queries_however_many_metrics_it_has(
    count: int, admin: Client, device: Device, django_assert_num_queries: Any
) -> None:
    MetricFactory.create_batch(count, device=device)
    admin.get(change_url(device))
    with django_assert_num_queries(7):
        page = admin.get(change_url(device)).content.decode()
    assert page.count("inlinechangelink") == count + 1

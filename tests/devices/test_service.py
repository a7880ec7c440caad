"""When a Device was in service: set by hand, and by retiring it in whatever way."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import IntegrityError, transaction
from django.test import Client
from rest_framework.test import APIClient

from accounts.models import User
from devices.models import Device
from tests.support.admin import confirm, faults, formset, preview
from tests.support.factories import DeviceFactory

NOON = datetime(2026, 6, 15, 10, tzinfo=UTC)  # in Amsterdam
EARLIER = NOON - timedelta(days=30)


@pytest.fixture(autouse=True)
def noon() -> Any:
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def patch(
    api_client_for: Callable[[User], APIClient], technician: User, device: Device
) -> Callable[..., Any]:
    """Changes the Device over HTTP; what it then is, or the codes of what was refused, by field."""

    def send(**changes: Any) -> Any:
        client = api_client_for(technician)
        response = client.patch(f"/api/v1/devices/{device.pk}/", changes, format="json")
        if response.status_code == 200:
            return response.json()
        assert response.status_code == 400, response.content
        return {error["field"]: error["code"] for error in response.json()["errors"]}

    return send


def edited(device: Device, **changes: Any) -> dict[str, Any]:
    """What the edit form sends back when only `changes` were made."""
    shown = {"name": device.name, "kind": device.kind, "status": device.status}
    return shown | {"expected_interval": 60, "seen": device.updated_at.isoformat()} | changes


def text_of(page: str) -> str:
    """The page without its tags."""
    return " ".join(re.sub("<[^>]*>", "", page).split())


def retired(device: Device, at: datetime = EARLIER) -> Device:
    device.status, device.retired_at = "retired", at
    device.save()
    return device


class TestApi:
    def test_a_new_device_is_in_service_from_its_first_reading_on(self, patch: Any) -> None:
        answer = patch(notes="New")
        assert (answer["in_service_from"], answer["retired_at"]) == (None, None)

    def test_retiring_it_says_when(self, patch: Any) -> None:
        assert patch(status="retired")["retired_at"] == "2026-06-15T10:00:00Z"

    def test_it_may_be_given_when(self, patch: Any) -> None:
        answer = patch(status="retired", retired_at="2026-06-01T02:00:00+02:00")
        assert answer["retired_at"] == "2026-06-01T00:00:00Z"

    def test_the_date_stays_when_anything_else_changes(self, patch: Any, device: Device) -> None:
        retired(device)
        assert patch(notes="Sold")["retired_at"] == "2026-05-16T10:00:00Z"
        assert patch(status="retired")["retired_at"] == "2026-05-16T10:00:00Z"

    def test_the_date_can_be_corrected(self, patch: Any, device: Device) -> None:
        retired(device)
        assert patch(retired_at="2026-05-01T00:00:00Z")["retired_at"] == "2026-05-01T00:00:00Z"

    def test_returning_to_service_clears_it(self, patch: Any, device: Device) -> None:
        retired(device)
        assert patch(status="active")["retired_at"] is None

    def test_returning_with_what_was_read_clears_it_too(self, patch: Any, device: Device) -> None:
        read = patch(status="retired")
        assert patch(**{**read, "status": "maintenance"})["retired_at"] is None

    @pytest.mark.parametrize("status", ["active", "maintenance"])
    @pytest.mark.parametrize("at", ["2026-05-16T10:00:01Z", "2027-01-01T00:00:00Z"])
    def test_only_a_retired_device_has_been_retired(
        self, patch: Any, device: Device, status: str, at: str
    ) -> None:
        assert patch(retired_at=at) == {"retired_at": "not_retired"}
        assert patch(status=status, retired_at=at) == {"retired_at": "not_retired"}
        retired(device)
        assert patch(status=status, retired_at=at) == {"retired_at": "not_retired"}

    def test_it_is_not_retired_in_the_future(self, patch: Any) -> None:
        refused = patch(status="retired", retired_at="2026-06-15T10:00:00.000001Z")
        assert refused == {"retired_at": "in_future"}
        answer = patch(status="retired", retired_at="2026-06-15T10:00:00Z")
        assert answer["retired_at"] == "2026-06-15T10:00:00Z"

    @pytest.mark.parametrize("name", ["in_service_from", "retired_at"])
    @pytest.mark.parametrize(
        "year",
        ["0001-01-01", "1899-12-31", "2201-01-01", "9999-12-31", "0001-01-01T00:00:00+14:00"],
    )
    def test_no_equipment_is_in_service_in_absurd_years(
        self, patch: Any, name: str, year: str
    ) -> None:
        text = year if "T" in year else f"{year}T12:00:00Z"
        refused = patch(**{"status": "retired", name: text})
        assert list(refused) == [name]
        assert refused[name] in ("out_of_range", "overflow", "invalid")

    def test_it_may_come_into_service_later(self, patch: Any) -> None:
        answer = patch(in_service_from="2027-01-01T00:00:00Z")
        assert answer["in_service_from"] == "2027-01-01T00:00:00Z"
        assert patch(in_service_from="1962-01-01T00:00:00Z")["status"] == "active"

    @pytest.mark.parametrize("end", ["2026-06-01T00:00:00Z", "2026-05-31T00:00:00Z"])
    def test_it_is_retired_after_it_came_into_service(self, patch: Any, end: str) -> None:
        refused = patch(in_service_from="2026-06-01T00:00:00Z", status="retired", retired_at=end)
        assert refused == {"retired_at": "order"}

    def test_so_is_one_that_is_retired_before_it_begins(self, patch: Any) -> None:
        patch(in_service_from="2026-07-01T00:00:00Z")
        assert patch(status="retired") == {"retired_at": "order"}

    def test_it_may_be_created_with_both(
        self, api_client_for: Callable[[User], APIClient], technician: User, device: Device
    ) -> None:
        new = {
            "site": device.site_id,
            "name": "Old meter",
            "kind": "grid_meter",
            "status": "retired",
            "in_service_from": "2020-01-01T00:00:00Z",
            "retired_at": "2026-01-01T00:00:00Z",
        }
        client = api_client_for(technician)
        made = client.post("/api/v1/devices/", new, format="json").json()
        assert {name: made[name] for name in new} == new
        refused = client.post(
            "/api/v1/devices/", {**new, "name": "B", "retired_at": "2019-01-01T00:00:00Z"}
        )
        assert refused.json()["errors"][0]["field"] == "retired_at"


class TestPages:
    @pytest.fixture
    def browser(self, client_for: Callable[[User], Client], technician: User) -> Client:
        return client_for(technician)

    def test_the_form_takes_both_in_the_sites_own_time(
        self, browser: Client, device: Device
    ) -> None:
        data = edited(device, in_service_from="2026-06-01T08:00", retired_at="2026-06-02T08:00")
        browser.post(f"/devices/{device.pk}/edit/", data | {"status": "retired"})
        device.refresh_from_db()
        assert device.in_service_from == datetime(2026, 6, 1, 6, tzinfo=UTC)
        assert device.retired_at == datetime(2026, 6, 2, 6, tzinfo=UTC)
        page = browser.get(f"/devices/{device.pk}/edit/").content.decode()
        assert 'value="2026-06-01T08:00"' in page
        assert 'value="2026-06-02T08:00"' in page

    def test_retiring_it_there_says_when(self, browser: Client, device: Device) -> None:
        browser.post(f"/devices/{device.pk}/edit/", edited(device, status="retired"))
        device.refresh_from_db()
        assert device.retired_at == NOON

    def test_saving_minutes_again_keeps_the_seconds(self, browser: Client, device: Device) -> None:
        exact = datetime(2026, 6, 2, 6, 0, 42, 123456, tzinfo=UTC)
        retired(device, exact)
        browser.post(f"/devices/{device.pk}/edit/", edited(device, retired_at="2026-06-02T08:00"))
        device.refresh_from_db()
        assert device.retired_at == exact

    def test_returning_it_to_service_there_clears_the_date(
        self, browser: Client, device: Device
    ) -> None:
        retired(device)
        data = edited(device, status="active", retired_at="2026-05-16T12:00")
        browser.post(f"/devices/{device.pk}/edit/", data)
        device.refresh_from_db()
        assert device.retired_at is None

    def test_what_is_in_the_wrong_order_is_an_error_of_its_field(
        self, browser: Client, device: Device
    ) -> None:
        data = edited(device, in_service_from="2026-06-02T08:00", retired_at="2026-06-01T08:00")
        response = browser.post(f"/devices/{device.pk}/edit/", data | {"status": "retired"})
        assert list(response.context["form"].errors) == ["retired_at"]

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"retired_at": "2026-06-01T08:00"}, "retired_at"),
            ({"retired_at": "2026-06-16T08:00", "status": "retired"}, "retired_at"),
            ({"in_service_from": "0001-06-16T08:00"}, "in_service_from"),
            ({"in_service_from": "9999-12-31T23:59"}, "in_service_from"),
        ],
    )
    def test_what_contradicts_itself_or_is_absurd_is_an_error_of_its_field(
        self, browser: Client, device: Device, changes: dict[str, str], field: str
    ) -> None:
        response = browser.post(f"/devices/{device.pk}/edit/", edited(device, **changes))
        assert response.status_code == 200
        assert list(response.context["form"].errors) == [field]

    def test_its_page_says_since_and_until_when(self, browser: Client, device: Device) -> None:
        device.in_service_from = EARLIER
        retired(device, NOON)
        page = browser.get(f"/devices/{device.pk}/").content.decode()
        assert "since 16 May 2026, 12:00, until 15 Jun 2026, 12:00" in text_of(page)


class TestAdmin:
    @pytest.fixture
    def admin(self, administrator: User, client_for: Callable[[User], Client]) -> Client:
        return client_for(administrator)

    def test_retiring_it_there_says_when(self, admin: Client, device: Device) -> None:
        form = {"site": device.site_id, "name": device.name, "kind": device.kind}
        metric = device.metrics.get()
        names = ("key", "name", "unit", "type", "expected_interval")
        row = {name: getattr(metric, name) for name in names}
        row |= {"id": metric.pk, "device": device.pk}
        data = form | {"status": "retired"} | formset("metrics", [row], existing=1)
        answer = admin.post(f"/admin/devices/device/{device.pk}/change/", data)
        assert answer.status_code == 302, answer.context["errors"]
        device.refresh_from_db()
        assert device.retired_at == NOON

    @pytest.mark.parametrize(
        ("status", "start", "end", "field"),
        [
            ("active", "", "2026-06-01T00:00:00Z", "retired_at"),
            ("retired", "", "2026-07-01T00:00:00Z", "retired_at"),
            ("retired", "2026-06-02T00:00:00Z", "2026-06-01T00:00:00Z", "retired_at"),
            ("active", "0001-01-02T00:00:00Z", "", "in_service_from"),
        ],
    )
    def test_the_same_is_refused_there_and_in_a_file(
        self, admin: Client, device: Device, status: str, start: str, end: str, field: str
    ) -> None:
        form = {"site": device.site_id, "name": device.name, "kind": device.kind, "status": status}
        for name, text in (("in_service_from", start), ("retired_at", end)):
            date, _, time = text.removesuffix("Z").partition("T")
            form |= {f"{name}_0": date, f"{name}_1": time}
        answer = admin.post(
            "/admin/devices/device/add/", form | {"name": "New"} | formset("metrics")
        )
        assert list(answer.context["adminform"].form.errors) == [field]
        head = "site,name,kind,status,in_service_from,retired_at\n"
        row = f"{device.site.slug},{device.name},load_meter,{status},{start},{end}\n"
        shown = preview(admin, "/admin/devices/device/import/", head + row)
        assert [list(fields) for _, fields in faults(shown)] == [[field]]

    def test_a_file_retires_devices_now_or_then(self, admin: Client, device: Device) -> None:
        head = "site,name,kind,status,in_service_from,retired_at\n"
        slug = device.site.slug
        rows = (
            f"{slug},{device.name},load_meter,retired,,\n"
            f"{slug},Old,inverter,retired,2020-01-01T00:00:00+01:00,2026-01-01 12:00\n"
        )
        path = "/admin/devices/device/import/"
        assert confirm(admin, path, preview(admin, path, head + rows)).status_code == 302
        device.refresh_from_db()
        old = Device.objects.get(name="Old")
        assert device.retired_at == NOON
        assert old.in_service_from == datetime(2019, 12, 31, 23, tzinfo=UTC)
        assert old.retired_at == datetime(2026, 1, 1, 12, tzinfo=UTC)


class TestBulk:
    def test_an_update_of_many_says_when(self, device: Device) -> None:
        before = retired(DeviceFactory(site=device.site))
        Device.objects.update(status="retired")
        dates = dict(Device.objects.values_list("pk", "retired_at"))
        assert dates == {device.pk: NOON, before.pk: EARLIER}

    def test_an_update_of_many_to_active_clears_it(self, device: Device) -> None:
        retired(device)
        Device.objects.update(status="active")
        assert Device.objects.get().retired_at is None

    def test_updating_and_creating_in_bulk_say_when(self, device: Device) -> None:
        device.status = "retired"
        Device.objects.bulk_update([device], ["status"])
        new = DeviceFactory.build(site=device.site, slug="x", status="retired")
        Device.objects.bulk_create([new])
        assert set(Device.objects.values_list("retired_at", flat=True)) == {NOON}

    def test_saving_the_status_alone_says_when(self, device: Device) -> None:
        device.status = "retired"
        device.save(update_fields=["status"])
        device.refresh_from_db()
        assert device.retired_at == NOON

    @pytest.mark.parametrize("changes", [{"retired_at": None}, {"in_service_from": NOON}])
    def test_the_database_refuses_what_cannot_be(self, device: Device, changes: Any) -> None:
        retired(device)
        with pytest.raises(IntegrityError), transaction.atomic():
            Device.objects.update(**changes)

    def test_the_database_refuses_a_date_of_one_that_is_not(self, device: Device) -> None:
        with pytest.raises(IntegrityError), transaction.atomic():
            Device.objects.update(retired_at=NOON)

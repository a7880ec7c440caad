"""Another key, unit or type for a Metric that has readings, by every way there is."""

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Event
from time import monotonic
from typing import Any

import pytest
from django.contrib.admin.sites import site as admin_site
from django.db import OperationalError, connection, transaction
from django.test import Client
from rest_framework.test import APIClient

from accounts.models import User
from devices.models import Device
from energy.errors import Conflict
from history import get_store
from metrics.admin import MetricAdmin
from metrics.models import Metric
from tests.support.admin import formset, told
from tests.support.factories import MetricFactory
from tests.support.readings import store

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
CHANGES = [{"unit": "Wh"}, {"type": "gauge"}, {"key": "turns"}]
WOULD = {
    "unit": "The newest, 1002.5 kWh, would read 1002.5 Wh, which is 1/1,000 of it",
    "type": "summed up as type gauge instead of counter",
    "key": "count as turns instead of pulses",
}


@pytest.fixture
def counter(device: Device) -> Metric:
    """A counter in kWh with three readings."""
    metric: Metric = MetricFactory(
        device=device, key="pulses", name="Pulses", unit="kWh", type="counter"
    )
    store(metric, {NOON + timedelta(hours=n): 1_000.5 + n for n in range(3)})
    return metric


@pytest.fixture
def api(api_client_for: Callable[[User], APIClient], technician: User) -> Any:
    """An API client of the technician."""
    return api_client_for(technician)


@pytest.fixture
def page(client_for: Callable[[User], Client], technician: User) -> Client:
    """A browser of the technician."""
    return client_for(technician)


@pytest.fixture
def admin(client_for: Callable[[User], Client], administrator: User) -> Client:
    """A browser of the administrator."""
    return client_for(administrator)


def url_of(metric: Metric) -> str:
    return f"/api/v1/metrics/{metric.pk}/"


def filled(metric: Metric, **changes: Any) -> dict[str, Any]:
    """The form of a Metric with some changes."""
    names = ("key", "name", "unit", "type", "expected_interval")
    return {name: getattr(metric, name) for name in names} | changes


def labels(metric: Metric) -> dict[str, Any]:
    return Metric.objects.values("key", "unit", "type").get(pk=metric.pk)


def values(metric: Metric) -> list[float]:
    found: list[float] = get_store().read([metric.pk], 0, 2**62)[metric.pk].values.tolist()
    return found


change_each = pytest.mark.parametrize("change", CHANGES, ids=lambda change: next(iter(change)))


class TestApi:
    @change_each
    def test_it_is_refused_and_says_what_would_happen(
        self, api: Any, counter: Metric, change: dict[str, str]
    ) -> None:
        before, field = labels(counter), next(iter(change))
        answer = api.patch(url_of(counter), change)
        assert answer.status_code == 409
        (error,) = answer.json()["errors"]
        assert (error["field"], error["code"]) == (field, "has_history")
        assert WOULD[field] in error["message"]
        assert "relabel_history=true" in error["message"]
        assert labels(counter) == before

    @change_each
    def test_it_is_done_where_it_is_asked_for_and_no_number_changes(
        self, api: Any, counter: Metric, change: dict[str, str]
    ) -> None:
        answer = api.patch(url_of(counter), change | {"relabel_history": True})
        assert answer.status_code == 200
        assert labels(counter).items() >= change.items()
        assert "relabel_history" not in answer.json()
        assert values(counter) == [1_000.5, 1_001.5, 1_002.5]

    @change_each
    def test_without_readings_nobody_is_asked(
        self, api: Any, device: Device, change: dict[str, str]
    ) -> None:
        fresh = MetricFactory(device=device, key="pulses", unit="kWh", type="counter")
        assert api.patch(url_of(fresh), change).status_code == 200

    def test_what_is_sent_as_it_is_changes_nothing(self, api: Any, counter: Metric) -> None:
        assert api.patch(url_of(counter), labels(counter) | {"name": "New"}).status_code == 200

    @pytest.mark.parametrize("flag", ["true", 1, None])
    def test_the_flag_is_true_or_false(self, api: Any, counter: Metric, flag: Any) -> None:
        answer = api.patch(url_of(counter), {"unit": "Wh", "relabel_history": flag})
        assert answer.status_code == 400
        assert answer.json()["errors"][0]["field"] == "relabel_history"

    def test_one_confirmation_is_for_one_change(self, api: Any, counter: Metric) -> None:
        api.patch(url_of(counter), {"unit": "Wh", "relabel_history": True})
        assert api.patch(url_of(counter), {"unit": "MWh"}).status_code == 409

    def test_who_did_it_is_logged(
        self,
        api: Any,
        counter: Metric,
        technician: User,
        caplog: pytest.LogCaptureFixture,
        django_capture_on_commit_callbacks: Any,
    ) -> None:
        with (
            caplog.at_level(logging.INFO, "metrics.audit"),
            django_capture_on_commit_callbacks(execute=True),
        ):
            api.patch(url_of(counter), {"unit": "Wh", "type": "gauge", "relabel_history": True})
        whose = f"user={technician.pk} metric={counter.pk}"
        assert caplog.messages == [f"metric relabelled: {whose} unit=kWh>Wh type=counter>gauge"]


@pytest.fixture(params=["page", "admin"])
def form(request: pytest.FixtureRequest, counter: Metric) -> tuple[Client, str]:
    """A browser and the address of the form of the counter."""
    urls = {
        "page": f"/metrics/{counter.pk}/edit/",
        "admin": f"/admin/metrics/metric/{counter.pk}/change/",
    }
    return request.getfixturevalue(request.param), urls[request.param]


class TestForms:
    BOX = '<input type="checkbox" name="relabel_history"'

    @change_each
    def test_the_box_appears_with_the_error(
        self, form: tuple[Client, str], counter: Metric, change: dict[str, str]
    ) -> None:
        client, url = form
        before = labels(counter)
        assert self.BOX not in client.get(url).content.decode()
        answer = client.post(url, filled(counter, **change))
        assert answer.status_code == 200
        assert WOULD[next(iter(change))] in answer.content.decode().replace("&#x27;", "'")
        assert self.BOX in answer.content.decode()
        assert labels(counter) == before

    @change_each
    def test_the_box_confirms_it(
        self, form: tuple[Client, str], counter: Metric, change: dict[str, str]
    ) -> None:
        client, url = form
        answer = client.post(url, filled(counter, **change, relabel_history="on"))
        assert answer.status_code == 302
        assert labels(counter).items() >= change.items()

    def test_what_is_wrong_in_itself_is_all_that_is_said(
        self, form: tuple[Client, str], counter: Metric
    ) -> None:
        client, url = form
        page = client.post(url, filled(counter, unit="KWH")).content.decode()
        assert "Write kWh for KWH." in page
        assert "would read" not in page
        assert self.BOX not in page

    def test_a_new_name_needs_no_box(self, form: tuple[Client, str], counter: Metric) -> None:
        client, url = form
        assert client.post(url, filled(counter, name="New")).status_code == 302


@pytest.fixture
def amounts(device: Device) -> Metric:
    """A half-hourly meter with a reading."""
    metric: Metric = MetricFactory(
        device=device, key="half_hours", unit="kWh", type="interval", expected_interval=1_800
    )
    store(metric, {NOON: 1.5})
    return metric


class TestIntervals:
    """How long the amounts of intervals are those of: of no other type it means anything."""

    SAYS = "The newest, 1.5 kWh, would be the amount of 900 s instead of 1,800 s"

    def test_another_length_is_refused_and_says_what_would_happen(
        self, api: Any, amounts: Metric
    ) -> None:
        answer = api.patch(url_of(amounts), {"expected_interval": 900})
        assert answer.status_code == 409
        (error,) = answer.json()["errors"]
        assert (error["field"], error["code"]) == ("expected_interval", "has_history")
        assert self.SAYS in error["message"]
        amounts.refresh_from_db()
        assert amounts.expected_interval == 1_800

    def test_it_is_done_where_it_is_asked_for(
        self,
        api: Any,
        amounts: Metric,
        caplog: pytest.LogCaptureFixture,
        django_capture_on_commit_callbacks: Any,
    ) -> None:
        change = {"expected_interval": 900, "relabel_history": True}
        with (
            caplog.at_level(logging.INFO, "metrics.audit"),
            django_capture_on_commit_callbacks(execute=True),
        ):
            assert api.patch(url_of(amounts), change).json()["expected_interval"] == 900
        assert caplog.messages[0].endswith(" expected_interval=1800>900")

    @pytest.mark.parametrize("kind", ["gauge", "counter", "state"])
    def test_of_other_types_it_says_nothing_of_readings(
        self, api: Any, device: Device, kind: str
    ) -> None:
        metric = MetricFactory(device=device, key="other", type=kind)
        store(metric, {NOON: 1.5})
        assert api.patch(url_of(metric), {"expected_interval": 900}).status_code == 200
        Metric.objects.update(expected_interval=60)
        metric.expected_interval = 30
        Metric.objects.bulk_update([metric], ["expected_interval"])
        assert Metric.objects.get(pk=metric.pk).expected_interval == 30

    def test_without_readings_nobody_is_asked(self, api: Any, device: Device) -> None:
        fresh = MetricFactory(device=device, type="interval")
        assert api.patch(url_of(fresh), {"expected_interval": 900}).status_code == 200

    @pytest.mark.parametrize("who", ["page", "admin"])
    def test_forms_ask(self, request: Any, amounts: Metric, who: str) -> None:
        urls = {
            "page": f"/metrics/{amounts.pk}/edit/",
            "admin": f"/admin/metrics/metric/{amounts.pk}/change/",
        }
        client = request.getfixturevalue(who)
        changed = filled(amounts, expected_interval=900)
        answer = client.post(urls[who], changed).content.decode()
        assert self.SAYS in answer
        assert TestForms.BOX in answer
        assert client.post(urls[who], changed | {"relabel_history": "on"}).status_code == 302
        amounts.refresh_from_db()
        assert amounts.expected_interval == 900

    def test_the_form_of_the_device_sends_to_that_of_the_metric(
        self, page: Client, amounts: Metric
    ) -> None:
        device = amounts.device
        form = {"name": device.name, "kind": device.kind, "status": device.status}
        form |= {"seen": device.updated_at.isoformat()}
        url = f"/devices/{device.pk}/edit/"
        answer = page.post(url, form | {"expected_interval": 900})
        assert list(answer.context["form"].errors) == ["expected_interval"]
        assert self.SAYS in answer.content.decode()
        for unchanged in ({"expected_interval": 1_800}, {}):
            assert page.post(url, form | unchanged).status_code == 302
            device.refresh_from_db()
            form["seen"] = device.updated_at.isoformat()
        amounts.refresh_from_db()
        assert amounts.expected_interval == 1_800

    def test_bulk_updates_are_refused(self, amounts: Metric) -> None:
        with pytest.raises(Conflict, match="one by one"):
            Metric.objects.update(expected_interval=900)
        amounts.expected_interval = 900
        with pytest.raises(Conflict, match="one by one"), transaction.atomic():
            Metric.objects.bulk_update([amounts], ["expected_interval"])
        with pytest.raises(Conflict, match="has readings"):
            amounts.save()
        Metric.objects.update(expected_interval=1_800)


class TestAroundIt:
    """Ways that have no confirmation."""

    def test_the_row_on_a_devices_admin_page(self, admin: Client, counter: Metric) -> None:
        before, device = labels(counter), counter.device
        headline = device.metrics.exclude(pk=counter.pk).get()
        data = {"site": device.site_id, "name": device.name, "kind": device.kind}
        rows = [
            filled(headline) | {"id": headline.pk, "device": device.pk},
            filled(counter, unit="Wh") | {"id": counter.pk, "device": device.pk},
        ]
        url = f"/admin/devices/device/{device.pk}/change/"
        answer = admin.post(url, data | {"status": "active"} | formset("metrics", rows, existing=2))
        assert "confirmed on the metric" in answer.content.decode()
        assert labels(counter) == before

    def test_a_list_that_is_edited_in_the_admin(
        self, admin: Client, counter: Metric, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(admin_site.get_model_admin(Metric), "list_editable", ("unit",))
        assert isinstance(admin_site.get_model_admin(Metric), MetricAdmin)
        others = Metric.objects.exclude(pk=counter.pk)
        rows = [{"id": metric.pk, "unit": metric.unit} for metric in others]
        data = formset("form", [*rows, {"id": counter.pk, "unit": "Wh"}], existing=len(rows) + 1)
        answer = admin.post("/admin/metrics/metric/", data | {"_save": "Save"}, follow=True)
        assert any("relabel_history" in message for message in told(answer))
        assert labels(counter)["unit"] == "kWh"

    @change_each
    def test_updates_in_bulk(self, counter: Metric, change: dict[str, str]) -> None:
        before = labels(counter)
        with pytest.raises(Conflict, match="one by one"):
            Metric.objects.filter(pk=counter.pk).update(**change)
        for name, value in change.items():
            setattr(counter, name, value)
        with pytest.raises(Conflict, match="one by one"), transaction.atomic():
            Metric.objects.bulk_update([counter], list(change))
        assert labels(counter) == before

    @change_each
    def test_an_instance_that_is_saved(self, counter: Metric, change: dict[str, str]) -> None:
        before = labels(counter)
        for name, value in change.items():
            setattr(counter, name, value)
        with pytest.raises(Conflict, match="has readings"):
            counter.save(update_fields=list(change))
        with pytest.raises(Conflict, match="has readings"):
            counter.save()
        assert labels(counter) == before


@pytest.mark.django_db(transaction=True)
def test_a_reading_that_arrives_meanwhile_is_one_the_metric_has() -> None:
    metric = MetricFactory(unit="kW")
    stored, tried = Event(), Event()

    def bring() -> None:
        with transaction.atomic():
            store(metric, {NOON: 1.5})
            stored.set()
            assert tried.wait(10)

    def relabel() -> None:
        assert stored.wait(10)
        other = Metric.objects.get(pk=metric.pk)
        other.unit = "W"
        other.save()

    def alone(job: Callable[[], None]) -> None:
        try:
            job()
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        bringing, relabelling = pool.submit(alone, bring), pool.submit(alone, relabel)
        assert stored.wait(10)
        if connection.vendor == "postgresql":  # SQLite lets in one writer after the other
            wait_for_a_lock()
        tried.set()
        bringing.result()
        # A database in memory, as SQLite's of the tests, may refuse where others wait.
        refusals = {"sqlite": (OperationalError, Conflict), "postgresql": Conflict}
        with pytest.raises(refusals[connection.vendor]):
            relabelling.result()
    assert Metric.objects.get(pk=metric.pk).unit == "kW"


def wait_for_a_lock() -> None:
    """Return when somebody waits for a lock."""
    waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted"
    until = monotonic() + 10
    with connection.cursor() as cursor:
        while monotonic() < until:
            cursor.execute(waiting)
            if cursor.fetchone()[0]:
                return
    raise AssertionError("Nobody waits.")

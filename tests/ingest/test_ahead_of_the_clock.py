"""Readings from a clock that is ahead: they do not hide what is measured now."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from metrics.models import Latest, Metric
from tests.support.posting import URL

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def clock() -> Iterator[Any]:
    with time_machine.travel(NOW, tick=False) as moved:
        yield moved


@pytest.fixture
def client(api_client_for: Any, technician: Any) -> Any:
    return api_client_for(technician)


@pytest.fixture
def latest(client: Any, metric: Metric) -> Any:
    """Sends readings, each a time from now and a value; answers the latest value."""

    def send(*readings: tuple[timedelta, float]) -> dict[str, Any]:
        rows = [
            {"metric": metric.pk, "timestamp": (timezone.now() + at).isoformat(), "value": value}
            for at, value in readings
        ]
        if rows:
            assert client.post(URL, {"readings": rows}, format="json").status_code == 200
        return client.get(f"/api/v1/metrics/{metric.pk}/latest/").json()

    return send


def test_what_is_measured_now_is_not_hidden_in_any_order(latest: Any, clock: Any) -> None:
    assert latest((23 * HOUR, 99.0))["value"] == 99
    assert latest((timedelta(0), 1.0))["value"] == 1
    assert latest((22 * HOUR, 98.0), (-HOUR, 0.5))["value"] == 1
    clock.shift(timedelta(minutes=1))
    assert latest((timedelta(0), 2.0), (5 * HOUR, 97.0))["value"] == 2
    assert latest((timedelta(seconds=60), 3.0))["value"] == 3
    assert latest((timedelta(seconds=61), 4.0))["value"] == 3


def test_a_correction_counts_by_when_it_arrives(latest: Any, clock: Any) -> None:
    latest((timedelta(0), 1.0), (2 * HOUR, 5.0))
    clock.shift(2 * HOUR)
    assert latest((timedelta(0), 6.0))["value"] == 6


def test_an_ahead_reading_alone_is_shown_with_the_age_since_it_arrived(
    latest: Any, clock: Any, client: Any, metric: Metric
) -> None:
    latest((23 * HOUR, 99.0))
    clock.shift(timedelta(minutes=11))
    found = latest()
    assert (found["value"], found["age_seconds"], found["state"]) == (99, 660, "stale")
    assert client.get("/api/v1/metrics/?state=stale").json()["count"] == 1
    assert client.get("/api/v1/metrics/?state=live").json()["count"] == 0
    results = client.get(f"/api/v1/metrics/latest/?ids={metric.pk}").json()["results"]
    assert [(each["age_seconds"], each["state"]) for each in results] == [(660, "stale")]


def test_deleting_prefers_what_is_not_ahead(latest: Any, client: Any, metric: Metric) -> None:
    latest((-2 * HOUR, 1.0), (-HOUR, 2.0), (5 * HOUR, 9.0))
    address = f"/api/v1/metrics/{metric.pk}/readings/"
    client.delete(f"{address}?start=2026-06-01T10:30:00Z&end=2026-06-01T11:30:00Z")
    assert latest()["value"] == 1
    client.delete(f"{address}?start=2026-06-01T09:00:00Z&end=2026-06-01T11:30:00Z")
    assert latest()["value"] == 9
    assert Latest.objects.get().received_at == NOW
    assert latest((timedelta(0), 3.0))["value"] == 3


def test_it_is_said_while_it_is_so_that_a_clock_is_ahead(
    latest: Any, clock: Any, client: Any, metric: Metric, technician: Any
) -> None:
    assert "clock_ahead_until" not in latest((timedelta(0), 1.0))
    found = latest((2 * HOUR, 5.0))
    assert found["value"] == 1
    assert found["clock_ahead_until"] == "2026-06-01T14:00:00Z"
    several = client.get(f"/api/v1/metrics/latest/?ids={metric.pk}").json()["results"]
    assert several[0]["clock_ahead_until"] == "2026-06-01T14:00:00Z"
    page = Client()
    page.force_login(technician)
    for address in (metric.get_absolute_url(), metric.device.get_absolute_url()):
        assert "is ahead: readings dated up to" in page.get(address).content.decode()

    clock.shift(2 * HOUR)

    assert "clock_ahead_until" not in latest()
    assert "is ahead" not in page.get(metric.get_absolute_url()).content.decode()


def test_deleting_what_is_dated_ahead_is_the_end_of_it(
    latest: Any, client: Any, metric: Metric
) -> None:
    latest((timedelta(0), 1.0), (2 * HOUR, 5.0))
    address = f"/api/v1/metrics/{metric.pk}/readings/"
    client.delete(f"{address}?start=2026-06-01T13:00:00Z&end=2026-06-01T15:00:00Z")
    assert "clock_ahead_until" not in latest()


def test_deleting_what_is_measured_now_leaves_the_clock_ahead(
    latest: Any, client: Any, metric: Metric
) -> None:
    latest((-HOUR, 0.5), (timedelta(0), 1.0), (2 * HOUR, 5.0))
    address = f"/api/v1/metrics/{metric.pk}/readings/"
    client.delete(f"{address}?start=2026-06-01T11:30:00Z&end=2026-06-01T12:30:00Z")
    found = latest()
    assert (found["value"], found["clock_ahead_until"]) == (0.5, "2026-06-01T14:00:00Z")


def test_deleting_the_last_of_what_is_dated_ahead_tells_of_the_one_before(
    latest: Any, client: Any, metric: Metric
) -> None:
    latest((timedelta(0), 1.0), (2 * HOUR, 5.0), (4 * HOUR, 6.0))
    address = f"/api/v1/metrics/{metric.pk}/readings/"
    client.delete(f"{address}?start=2026-06-01T15:00:00Z&end=2026-06-01T17:00:00Z")
    found = latest()
    assert (found["value"], found["clock_ahead_until"]) == (1, "2026-06-01T14:00:00Z")

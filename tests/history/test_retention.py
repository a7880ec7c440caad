"""How long readings are kept, and who sees to it."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
import time_machine
from django.core.management import call_command

from energy.instants import to_micros
from history import get_store, tasks
from history.arrays import ReadingBatch
from history.buckets import DAY
from history.models import Chunk
from history.store import HistoryStore
from metrics.models import Latest, Metric
from tests.support.factories import MetricFactory
from tests.support.readings import store as send
from tests.support.readings import store_readings

NOW = datetime(2026, 6, 30, 12, tzinfo=UTC)
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _clock() -> object:
    with time_machine.travel(NOW, tick=False):
        yield


def store_days(metric: Metric, days: int) -> None:
    """A reading at each of the last midnights, those of days past sealed."""
    timestamps = (to_micros(NOW) // DAY - np.arange(days)) * DAY
    batch = ReadingBatch.of(np.full(days, metric.pk), timestamps, np.arange(days))
    store_readings(batch, now=NOW)
    get_store().seal(to_micros(NOW))


def days_left(metric: Metric) -> int:
    return get_store().count([metric.pk])


def test_without_a_limit_everything_is_kept(metric: Metric) -> None:
    store_days(metric, 10)
    call_command("prune_history")
    assert days_left(metric) == 10


def test_what_is_older_goes_by_whole_days(metric: Metric, settings: object) -> None:
    settings.HISTORY_RETENTION_DAYS = 5
    store_days(metric, 10)

    call_command("prune_history")

    assert days_left(metric) == 6  # five days, and today
    assert Chunk.objects.count() == 3


def test_a_metrics_own_limit_comes_first(metric: Metric, settings: object) -> None:
    settings.HISTORY_RETENTION_DAYS = 5
    longer = MetricFactory(device=metric.device, retention_days=8)
    shorter = MetricFactory(device=metric.device, retention_days=1)
    for each in (metric, longer, shorter):
        store_days(each, 10)

    tasks.prune_history.call_local()

    assert [days_left(each) for each in (metric, longer, shorter)] == [6, 9, 2]


def test_a_dry_run_says_how_much_would_go(
    metric: Metric, settings: object, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.HISTORY_RETENTION_DAYS = 5
    store_days(metric, 10)

    call_command("prune_history", dry_run=True)

    assert "4" in capsys.readouterr().out
    assert days_left(metric) == 10


def test_a_latest_value_goes_with_its_reading(metric: Metric, settings: object) -> None:
    settings.HISTORY_RETENTION_DAYS = 1
    batch = ReadingBatch.of([metric.pk], [to_micros(NOW) - 9 * DAY], [1.0])
    store_readings(batch, now=NOW)
    store_days(MetricFactory(device=metric.device), 1)

    call_command("prune_history")

    assert not Latest.objects.filter(metric=metric).exists()


def test_the_worker_seals(metric: Metric) -> None:
    batch = ReadingBatch.of([metric.pk], [to_micros(NOW) - 9 * DAY], [1.0])
    store_readings(batch, now=NOW)

    tasks.seal_history.call_local()

    assert Chunk.objects.get().n == 1


def latest_of(metric: Metric) -> tuple[float, datetime, datetime | None] | None:
    """The latest value: its value, its time, and up to when a clock is known to be ahead."""
    found = Latest.objects.filter(metric=metric).first()
    return found and (found.value, found.timestamp, found.ahead_until)


def test_what_was_dated_ahead_takes_the_place_of_a_latest_value_that_goes(
    store: HistoryStore, metric: Metric, settings: object
) -> None:
    settings.HISTORY_RETENTION_DAYS = 1
    arrived = NOW - timedelta(days=2)
    send(metric, {arrived: 1.0, arrived + timedelta(hours=20): 2.0}, now=arrived)
    assert latest_of(metric) == (1, arrived, arrived + timedelta(hours=20))

    call_command("prune_history")

    assert latest_of(metric) == (2, arrived + timedelta(hours=20), None)


def test_what_is_still_ahead_is_the_latest_only_where_nothing_else_is_left(
    store: HistoryStore, metric: Metric, settings: object
) -> None:
    settings.HISTORY_RETENTION_DAYS = 1
    ahead, other = NOW + timedelta(hours=5), MetricFactory(device=metric.device)
    for each in (metric, other):
        send(each, {NOW - timedelta(days=9): 1.0, ahead: 9.0}, now=NOW)
    send(other, {NOW - timedelta(hours=3): 5.0}, now=NOW)

    call_command("prune_history")

    assert latest_of(metric) == (9, ahead, ahead)
    assert Latest.objects.get(metric=metric).received_at == NOW
    assert latest_of(other) == (5, NOW - timedelta(hours=3), ahead)


def test_a_latest_value_that_stays_stays_as_it_arrived(
    store: HistoryStore, metric: Metric, settings: object
) -> None:
    settings.HISTORY_RETENTION_DAYS = 1
    arrived = NOW - timedelta(days=3)
    send(metric, {arrived: 1.0, arrived + timedelta(hours=2): 2.0}, now=arrived)
    send(metric, {NOW - timedelta(minutes=9): 3.0}, now=NOW)

    call_command("prune_history")

    assert latest_of(metric) == (3, NOW - timedelta(minutes=9), None)
    assert Latest.objects.get().received_at == NOW

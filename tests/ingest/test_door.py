"""The one door for readings."""

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase as HypothesisTestCase

from history import get_store
from history.arrays import ReadingBatch
from history.models import Reading
from ingest.signals import readings_stored
from metrics.models import Latest, Metric
from tests.support.factories import DeviceFactory, MetricFactory
from tests.support.readings import store_readings

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
SECOND = 1_000_000
NOON_MICROS = 1_780_315_200 * SECOND


def batch(*readings: tuple[Metric, int, float]) -> ReadingBatch:
    """Readings as (metric, seconds after noon, value)."""
    return ReadingBatch.of(
        [metric.pk for metric, _, _ in readings],
        [NOON_MICROS + seconds * SECOND for _, seconds, _ in readings],
        [value for _, _, value in readings],
    )


def store(*readings: tuple[Metric, int, float], now: datetime = NOON) -> int:
    return store_readings(batch(*readings), now=now)


def history(metric: Metric) -> dict[int, float]:
    """Value by seconds after noon."""
    samples = get_store().read([metric.pk], 0, 2**62)[metric.pk]
    seconds = (samples.timestamps - NOON_MICROS) // SECOND
    return dict(zip(seconds.tolist(), samples.values.tolist(), strict=True))


def latest(metric: Metric) -> tuple[float, float]:
    """Value and seconds after noon of the latest value."""
    row = Latest.objects.get(metric=metric)
    return row.value, (row.timestamp - NOON).total_seconds()


def test_readings_are_in_the_history_and_the_newest_is_latest(metric: Metric) -> None:
    assert store((metric, 0, 1.0), (metric, 60, 2.0)) == 2
    assert history(metric) == {0: 1.0, 60: 2.0}
    assert latest(metric) == (2.0, 60)


def test_latest_knows_when_its_reading_arrived(metric: Metric) -> None:
    store((metric, 0, 1.0), now=NOON + timedelta(seconds=7))
    assert Latest.objects.get(metric=metric).received_at == NOON + timedelta(seconds=7)


def test_a_late_reading_enters_the_history_but_does_not_move_latest(metric: Metric) -> None:
    store((metric, 60, 2.0))
    store((metric, 0, 1.0))
    assert history(metric) == {0: 1.0, 60: 2.0}
    assert latest(metric) == (2.0, 60)


def test_latest_follows_measured_time_not_the_order_in_a_batch(metric: Metric) -> None:
    store((metric, 60, 2.0), (metric, 0, 1.0))
    assert latest(metric) == (2.0, 60)


def test_of_two_writes_to_one_instant_the_last_wins_in_history_and_latest(metric: Metric) -> None:
    store((metric, 0, 1.0))
    store((metric, 0, 3.0), now=NOON + timedelta(seconds=5))
    assert history(metric) == {0: 3.0}
    assert latest(metric) == (3.0, 0)
    assert Latest.objects.get(metric=metric).received_at == NOON + timedelta(seconds=5)


def test_of_one_instant_twice_in_a_batch_the_last_wins_and_both_are_taken(metric: Metric) -> None:
    assert store((metric, 0, 1.0), (metric, 0, 3.0)) == 2
    assert history(metric) == {0: 3.0}
    assert latest(metric) == (3.0, 0)


def test_the_same_batch_again_changes_nothing_and_is_taken(metric: Metric) -> None:
    readings = ((metric, 0, 1.0), (metric, 60, 2.0))
    store(*readings)
    assert store(*readings) == 2
    assert history(metric) == {0: 1.0, 60: 2.0}
    assert latest(metric) == (2.0, 60)


def test_many_metrics_travel_in_one_batch(device: Any) -> None:
    metrics = MetricFactory.create_batch(30, device=device)
    store(*((metric, index, index / 2) for index, metric in enumerate(reversed(metrics))))
    assert [latest(metric) for metric in reversed(metrics)] == [(i / 2, i) for i in range(30)]


def test_an_empty_batch_is_taken(db: None) -> None:
    assert store() == 0


def test_readings_of_a_metric_that_is_gone_are_dropped_and_the_others_kept(metric: Metric) -> None:
    gone = MetricFactory(device=metric.device)
    readings = batch((gone, 0, 1.0), (metric, 0, 2.0))
    gone.delete()
    assert store_readings(readings, now=NOON) == 1
    assert history(metric) == {0: 2.0}
    assert Reading.objects.count() == 1


def test_deleting_a_device_takes_its_readings_and_latest_values_along(metric: Metric) -> None:
    store((metric, 0, 1.0))
    metric.device.delete()
    assert not Reading.objects.exists()
    assert not Latest.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("count", [1, 3, 30])
def test_the_number_of_queries_does_not_grow_with_the_metrics(
    count: int, django_assert_max_num_queries: Any
) -> None:
    metrics = MetricFactory.create_batch(count, device=DeviceFactory())
    with django_assert_max_num_queries(5):
        store(*((metric, 0, 1.0) for metric in metrics))


@pytest.fixture
def announced() -> Any:
    """The batches that `readings_stored` brought."""
    batches: list[ReadingBatch] = []

    def receive(batch: ReadingBatch, **kwargs: Any) -> None:
        batches.append(batch)

    readings_stored.connect(receive)
    yield batches
    readings_stored.disconnect(receive)


def test_the_layers_above_are_told_after_the_commit(
    metric: Metric, announced: list[ReadingBatch], django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        store((metric, 60, 2.0), (metric, 0, 1.0))
        assert not announced
    assert announced[0].values.tolist() == [1.0, 2.0]


def test_a_failing_listener_does_not_fail_the_writer(
    metric: Metric, announced: list[ReadingBatch], django_capture_on_commit_callbacks: Any
) -> None:
    def fail(**kwargs: Any) -> None:
        raise RuntimeError

    readings_stored.connect(fail)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            assert store((metric, 0, 1.0)) == 1
    finally:
        readings_stored.disconnect(fail)
    assert len(announced) == 1


class AnyOrderOfBatches(HypothesisTestCase):
    """Whatever arrives in whatever order, history and Latest agree with a plain dict."""

    @given(
        st.lists(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 5), st.floats(-1e9, 1e9))))
    )
    def test_history_and_latest_are_what_a_dict_would_hold(self, batches: Any) -> None:
        device = DeviceFactory()
        metrics = MetricFactory.create_batch(3, device=device)
        expected: dict[int, dict[int, float]] = {0: {}, 1: {}, 2: {}}
        for readings in batches:
            store(*((metrics[index], seconds, value) for index, seconds, value in readings))
            for index, seconds, value in readings:
                expected[index][seconds] = value
        for index, metric in enumerate(metrics):
            assert history(metric) == expected[index]
            if expected[index]:
                newest = max(expected[index])
                assert latest(metric) == (expected[index][newest], newest)


def test_latest_is_exact_to_the_microsecond_and_the_last_bit(metric: Metric) -> None:
    value = np.nextafter(0.1, 1)
    store_readings(ReadingBatch.of([metric.pk], [NOON_MICROS + 1], [value]), now=NOON)
    row = Latest.objects.get(metric=metric)
    assert (row.timestamp, row.value) == (NOON + timedelta(microseconds=1), value)

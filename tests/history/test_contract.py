"""What every history store promises, tried on the store and database the suite runs on."""

from collections.abc import Callable

import numpy as np
import pytest
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from energy.instants import MICROS_PER_SECOND as SECOND
from history.arrays import ReadingBatch, Samples
from history.store import BLOCK, HistoryStore, Position
from metrics.models import Metric
from tests.support.factories import MetricFactory

START = 1_767_225_600 * SECOND  # 2026-01-01T00:00:00Z
FOREVER = START * 10

pytestmark = pytest.mark.django_db

Store = Callable[..., None]


@pytest.fixture
def metric_ids(db: None) -> list[int]:
    """Three Metrics, ids ascending."""
    return sorted(MetricFactory().pk for _ in range(3))


def batch(*readings: tuple[int, int, float]) -> ReadingBatch:
    return (
        ReadingBatch.of(*zip(*readings, strict=True)) if readings else ReadingBatch.of([], [], [])
    )


def pairs(samples: Samples) -> list[tuple[int, float]]:
    return list(zip(samples.timestamps.tolist(), samples.values.tolist(), strict=True))


def minutes(metric_id: int, count: int, start: int = START) -> ReadingBatch:
    timestamps = start + np.arange(count) * 60 * SECOND
    return ReadingBatch(np.full(count, metric_id), timestamps, np.arange(count, dtype=float))


def test_what_is_appended_is_read_back_bit_for_bit(
    store: HistoryStore, metric_ids: list[int]
) -> None:
    values = [0.1, 5e-324, 1.7976931348623157e308, -273.15]
    store.append(batch(*((metric_ids[0], START + n, v) for n, v in enumerate(values))))

    found = store.read(metric_ids[:1], START, FOREVER)[metric_ids[0]]

    assert found.values.tobytes() == np.array(values).tobytes()
    assert found.timestamps.tolist() == [START + n for n in range(4)]


def test_every_metric_asked_for_is_in_the_answer(
    store: HistoryStore, metric_ids: list[int]
) -> None:
    store.append(batch((metric_ids[1], START, 1.0)))

    found = store.read(metric_ids, START, FOREVER)

    assert {metric_id: pairs(samples) for metric_id, samples in found.items()} == {
        metric_ids[0]: [],
        metric_ids[1]: [(START, 1.0)],
        metric_ids[2]: [],
    }


def test_a_window_is_half_open(store: HistoryStore, metric_ids: list[int]) -> None:
    store.append(batch(*((metric_ids[0], START + n, float(n)) for n in range(5))))

    found = store.read(metric_ids[:1], START + 1, START + 3)[metric_ids[0]]

    assert pairs(found) == [(START + 1, 1.0), (START + 2, 2.0)]


def test_neighbours_are_one_before_and_one_behind_however_far(
    store: HistoryStore, metric_ids: list[int]
) -> None:
    day = 86_400 * SECOND
    moments = [-900 * day, -800 * day, -700 * day, 0, 1, 500 * day, 600 * day]
    store.append(batch(*((metric_ids[0], START + m, 1.0) for m in moments)))

    found = store.read(metric_ids, START, START + 2, with_neighbours=True)

    assert [t - START for t in found[metric_ids[0]].timestamps.tolist()] == [
        -700 * day, 0, 1, 500 * day
    ]  # fmt: skip
    assert not len(found[metric_ids[1]])


def test_neighbours_are_found_where_the_window_itself_is_empty(
    store: HistoryStore, metric_ids: list[int]
) -> None:
    store.append(batch((metric_ids[0], START - 5, 1.0), (metric_ids[0], START + 10, 2.0)))

    found = store.read(metric_ids, START, START + 10, with_neighbours=True)[metric_ids[0]]

    assert pairs(found) == [(START - 5, 1.0), (START + 10, 2.0)]


@pytest.mark.parametrize("size", [1, 5_000])
def test_the_last_write_wins_whatever_the_size_of_the_batch(
    store: HistoryStore, metric_ids: list[int], size: int
) -> None:
    first = minutes(metric_ids[0], size)
    store.append(first)
    store.append(ReadingBatch(first.metric_ids, first.timestamps, first.values + 1000))

    found = store.read(metric_ids[:1], START, FOREVER)[metric_ids[0]]

    assert found.values.tolist() == (first.values + 1000).tolist()


@pytest.mark.parametrize("size", [1, 5_000])
def test_the_same_batch_again_changes_nothing(
    store: HistoryStore, metric_ids: list[int], size: int
) -> None:
    readings = minutes(metric_ids[0], size)
    store.append(readings)
    store.append(readings)

    assert store.read(metric_ids[:1], START, FOREVER)[metric_ids[0]].values.size == size


@pytest.mark.parametrize("place", [0, 1_500, 2_999])
def test_a_large_batch_that_is_sent_again_may_correct_one_reading(
    store: HistoryStore, metric_ids: list[int], place: int
) -> None:
    ids = np.repeat(metric_ids[:3], 1_000)
    moments = START + np.arange(ids.size)
    sent, corrected = np.zeros(ids.size), np.zeros(ids.size)
    corrected[place] = 1.0

    store.append(ReadingBatch(ids, moments, sent))
    store.append(ReadingBatch(ids, moments, corrected))

    found = store.read(metric_ids[:3], START, FOREVER).values()
    assert np.concatenate([samples.values for samples in found]).tolist() == corrected.tolist()


@pytest.mark.parametrize("missing", [0, 1_500, 2_999])
def test_a_large_batch_that_is_sent_again_may_bring_one_reading_more(
    store: HistoryStore, metric_ids: list[int], missing: int
) -> None:
    ids = np.repeat(metric_ids[:3], 1_000)
    whole = ReadingBatch(ids, START + np.arange(ids.size), np.arange(ids.size, dtype=np.float64))

    store.append(whole[np.arange(ids.size) != missing])
    store.append(whole)

    found = store.read(metric_ids[:3], START, FOREVER).values()
    assert np.concatenate([samples.values for samples in found]).tolist() == whole.values.tolist()


def test_of_two_readings_of_one_instant_in_a_batch_the_later_one_wins(
    store: HistoryStore, metric_ids: list[int]
) -> None:
    store.append(
        batch((metric_ids[1], START, 1.0), (metric_ids[0], START, 5.0), (metric_ids[1], START, 2.0))
    )

    found = store.read(metric_ids, START, FOREVER)

    assert pairs(found[metric_ids[1]]) == [(START, 2.0)]
    assert pairs(found[metric_ids[0]]) == [(START, 5.0)]


def test_late_readings_are_put_in_their_place(store: HistoryStore, metric_ids: list[int]) -> None:
    for moment in (3, 1, 2, 0):
        store.append(batch((metric_ids[0], START + moment, float(moment))))

    assert store.read(metric_ids, START, FOREVER)[metric_ids[0]].values.tolist() == [0, 1, 2, 3]


def test_an_empty_batch_is_nothing_to_do(store: HistoryStore, metric_ids: list[int]) -> None:
    store.append(batch())

    assert not len(store.read(metric_ids, 0, FOREVER)[metric_ids[0]])


def test_no_metrics_give_no_series(store: HistoryStore) -> None:
    assert store.read([], 0, FOREVER) == {}
    assert store.read_page([], 0, FOREVER, limit=10).position is None


@pytest.mark.parametrize("size", [1, 5_000])
def test_what_the_caller_rolls_back_was_never_stored(
    store: HistoryStore, metric_ids: list[int], size: int
) -> None:
    def append_and_fail() -> None:
        with transaction.atomic():
            store.append(minutes(metric_ids[0], size))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        append_and_fail()

    assert not len(store.read(metric_ids, 0, FOREVER)[metric_ids[0]])


def test_more_metrics_than_a_block_are_read_in_the_order_asked(
    store: HistoryStore, metric: Metric
) -> None:
    many = [MetricFactory(device=metric.device).pk for _ in range(BLOCK + 3)]
    store.append(batch(*((metric_id, START, float(metric_id)) for metric_id in many)))
    asked = many[::-1]

    found = store.read(asked, START, FOREVER)

    assert list(found) == asked
    assert [samples.values.item() for samples in found.values()] == asked
    blocks = list(store.read_blocks(asked, START, FOREVER))
    assert [(metric_id, samples.values.item()) for metric_id, samples in blocks] == [
        (metric_id, metric_id) for metric_id in asked
    ]


def test_deleting_takes_the_readings_of_the_window_and_counts_them(
    store: HistoryStore, metric_ids: list[int]
) -> None:
    for metric_id in metric_ids:
        store.append(minutes(metric_id, 10))

    assert store.delete(metric_ids[:2], START + 60 * SECOND, START + 180 * SECOND) == 4
    assert store.delete(metric_ids[2:]) == 10
    left = store.read(metric_ids, 0, FOREVER)
    assert [len(left[metric_id]) for metric_id in metric_ids] == [8, 8, 0]


def test_deleting_takes_all_that_is_older(store: HistoryStore, metric_ids: list[int]) -> None:
    for metric_id in metric_ids:
        store.append(minutes(metric_id, 10))

    assert store.delete(metric_ids, None, START + 60 * SECOND) == 3
    assert {len(samples) for samples in store.read(metric_ids, 0, FOREVER).values()} == {9}


def test_deleting_a_metric_takes_its_readings_with_it(store: HistoryStore, metric: Metric) -> None:
    other = MetricFactory(device=metric.device)
    ids = [metric.pk, other.pk]
    store.append(batch((metric.pk, START, 1.0), (other.pk, START, 2.0)))

    other.delete()

    found = store.read(ids, 0, FOREVER)
    assert [len(found[metric_id]) for metric_id in ids] == [1, 0]


def all_pages(store: HistoryStore, metric_ids: list[int], limit: int) -> list[tuple[int, int]]:
    seen: list[tuple[int, int]] = []
    position = None
    while True:
        page = store.read_page(metric_ids, START, FOREVER, after=position, limit=limit)
        sizes = sum(len(samples) for samples in page.samples.values())
        assert sizes <= limit
        seen += [(m, t) for m, samples in page.samples.items() for t in samples.timestamps.tolist()]
        if page.position is None:
            return seen
        assert sizes == limit
        position = page.position


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 5, 6, 7, 100])
def test_pages_together_hold_each_reading_once_in_order(
    store: HistoryStore, metric_ids: list[int], limit: int
) -> None:
    for metric_id, count in zip(metric_ids, (3, 0, 3), strict=True):
        store.append(minutes(metric_id, count))

    seen = all_pages(store, metric_ids[::-1], limit)

    assert seen == [(m, START + n * 60 * SECOND) for m in (metric_ids[0], metric_ids[2])
                    for n in range(3)]  # fmt: skip


def test_what_arrives_between_pages_neither_repeats_nor_hides_a_reading(
    store: HistoryStore, metric_ids: list[int]
) -> None:
    store.append(minutes(metric_ids[0], 4))
    first = store.read_page(metric_ids, START, FOREVER, limit=2)
    store.append(batch((metric_ids[0], START + 1, 9.0), (metric_ids[0], START + 90 * SECOND, 9.0)))

    second = store.read_page(metric_ids, START, FOREVER, after=first.position, limit=9)

    assert [(t - START) // SECOND for t in second.samples[metric_ids[0]].timestamps.tolist()] == [
        90, 120, 180
    ]  # fmt: skip


def test_paging_goes_on_behind_a_metric_that_is_gone(
    store: HistoryStore, metric_ids: list[int]
) -> None:
    store.append(minutes(metric_ids[2], 1))

    page = store.read_page(
        metric_ids[1:], START, FOREVER, after=Position(metric_ids[0], START), limit=5
    )

    assert list(page.samples) == [metric_ids[2]]


readings = st.tuples(
    st.integers(0, 2),
    st.integers(-20, 20).map(lambda n: START + n),
    st.floats(allow_nan=False, allow_infinity=False),
)


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    batches=st.lists(st.lists(readings, max_size=12), max_size=4),
    window=st.tuples(st.integers(-25, 25), st.integers(-25, 25)).map(sorted),
)
def test_the_store_is_a_dictionary_of_readings(
    store: HistoryStore,
    metric_ids: list[int],
    batches: list[list[tuple[int, int, float]]],
    window: list[int],
) -> None:
    store.delete(metric_ids)
    expected: dict[tuple[int, int], float] = {}
    for rows in batches:
        store.append(batch(*((metric_ids[i], t, v) for i, t, v in rows)))
        expected |= {(metric_ids[i], t): v for i, t, v in rows}
    start, end = (START + bound for bound in window)

    found = store.read(metric_ids, start, end, with_neighbours=True)

    for metric_id in metric_ids:
        known = sorted((t, v) for (m, t), v in expected.items() if m == metric_id)
        before = [pair for pair in known if pair[0] < start][-1:]
        inside = [pair for pair in known if start <= pair[0] < end]
        behind = [pair for pair in known if pair[0] >= end][:1]
        assert pairs(found[metric_id]) == before + inside + behind


def test_an_unknown_history_engine_fails_the_system_check(settings: object) -> None:
    settings.HISTORY_URL = "carrier-pigeon://loft"  # type: ignore[attr-defined]

    with pytest.raises(SystemCheckError, match=r"carrier-pigeon.*(\n.*)*HINT"):
        call_command("check")

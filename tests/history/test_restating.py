"""What is kept of counters follows their readings, whatever is written, deleted or pruned."""

from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from history import get_store
from history.arrays import ReadingBatch
from history.buckets import DAY, HOUR, MINUTE, divide
from history.models import Checkpoint, Chunk
from history.relational import restating
from history.rules import rules_of
from metrics.models import Metric
from metrics.vocabulary import MetricType
from tests.support import counter_reference, reference
from tests.support.factories import DeviceFactory, MetricFactory
from timeseries.summaries import Summary, columns_of

START = 20_454 * DAY  # 2026-01-01T00:00:00Z
DAYS = 6
LATER = START + 60 * DAY

pytestmark = pytest.mark.django_db
RATES = [None, 2_000.0, 10_000.0]  # W


def counter(rated: float | None = 10_000.0) -> Metric:
    return MetricFactory(
        device=DeviceFactory(rated_power=rated), type=MetricType.COUNTER, unit="Wh", key="register"
    )


def series(random: np.random.Generator, every: int) -> list[tuple[int, float]]:
    """Some days of a counter with noise, blips, a reset and gaps."""
    times = START + np.arange(0, DAYS * DAY, every)
    values = 20_000 + random.integers(0, every // MINUTE * 40, times.size).cumsum().astype(float)
    if random.random() < 0.6:
        place = int(random.integers(1, times.size))
        values[place:] -= values[place] - 3
    for place in random.integers(0, times.size, 4):
        values[place] *= random.choice([0, 0.95, 1_000])
    kept = random.random(times.size) < 0.97
    gap = int(random.integers(0, times.size))
    kept[gap : gap + int(random.integers(0, 2 * DAY // every))] = False
    return list(zip(times[kept].tolist(), values[kept].tolist(), strict=True))


@dataclass
class Kept:
    """A counter in the store, and what it must hold."""

    metric: Metric
    readings: dict[int, float] = field(default_factory=dict)
    pruned: int = START

    def write(self, some: list[tuple[int, float]]) -> None:
        if some:
            times, values = zip(*some, strict=True)
            get_store().append(ReadingBatch.of([self.metric.pk] * len(some), times, values))
            self.readings |= dict(some)

    def delete(self, start: int, end: int) -> None:
        get_store().delete([self.metric.pk], start, end)
        self.readings = {t: v for t, v in self.readings.items() if not start <= t < end}

    def rate(self, rated: float | None) -> None:
        device = self.metric.device
        device.rated_power = rated
        device.save()

    def answers(self, start: int, end: int, resolution: str) -> list[float]:
        buckets = divide(start, end, resolution, ZoneInfo("UTC"), at_most=100_000)
        summary = Summary(self.metric, "increase", buckets, LATER)
        (columns,) = columns_of([summary], envelope=False, fill="none")
        found: list[float] = columns["values"].tolist()
        return found

    def covered(self, start: int, end: int, resolution: str) -> list[float]:
        buckets = divide(start, end, resolution, ZoneInfo("UTC"), at_most=100_000)
        summary = Summary(self.metric, "increase", buckets, LATER)
        (columns,) = columns_of([summary], envelope=False, fill="none")
        found: list[float] = columns["coverage"].tolist()
        return found

    def expected(self, start: int, end: int, length: int) -> list[Any]:
        rules = rules_of(self.metric)
        assert rules
        steps = counter_reference.steps_of(sorted(self.readings.items()), *rules)
        wanted = [
            reference.increase(steps, (begin, begin + length))
            for begin in range(start, end, length)
        ]
        return [
            pytest.approx(np.nan if value is None else value, rel=1e-9, abs=1e-6, nan_ok=True)
            for value in wanted
        ]

    def check(self) -> None:
        first, end = self.pruned, START + DAYS * DAY
        assert self.answers(first, end, "1d") == self.expected(first, end, DAY)
        assert self.answers(first, end, "1h") == self.expected(first, end, HOUR)
        days = np.array(self.covered(first, end, "5m")).reshape(-1, DAY // (5 * MINUTE)).mean(1)
        assert self.covered(first, end, "1d") == pytest.approx(days.tolist(), abs=1e-3)
        begin = (first // DAY + (DAYS - (first - START) // DAY) // 2) * DAY
        assert self.answers(begin, begin + DAY, "1d") == self.expected(begin, begin + DAY, DAY)
        # In buckets that rollups do not tell.
        assert self.answers(begin, begin + 3 * HOUR, "5m") == self.expected(
            begin, begin + 3 * HOUR, 5 * MINUTE
        )


def happens(
    act: str, kept: Kept, late: list[tuple[int, float]], random: np.random.Generator
) -> None:
    moment = START + int(random.integers(0, DAYS * DAY))
    match act:
        case "write":
            kept.write([(moment, float(random.integers(0, 60_000)))])
        case "late":
            kept.write([late.pop() for _ in range(len(late) // 2)])
        case "seal":
            get_store().seal(LATER if random.random() < 0.6 else moment + 3 * DAY)
        case "delete":
            kept.delete(moment, moment + int(random.integers(1, 2 * DAY)))
        case "rate":
            kept.rate(random.choice([0, 2_000.0, 10_000.0]) or None)
        case "import":
            some = [(moment + n * MINUTE, 30_000.0 + n) for n in range(20)]
            batch = ReadingBatch.of([kept.metric.pk] * 20, *zip(*some, strict=True))
            get_store().append_history(batch, LATER)
            kept.readings |= dict(some)


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    seed=st.integers(0, 10_000),
    every=st.sampled_from([5, 5, 30]),
    acts=st.lists(
        st.sampled_from(["write", "write", "late", "seal", "seal", "delete", "rate", "import"]),
        min_size=3,
        max_size=9,
    ),
    rated=st.sampled_from(RATES),
)
def test_whatever_happens_the_answers_are_those_of_the_readings(
    seed: int, every: int, acts: list[str], rated: float | None
) -> None:
    random = np.random.default_rng(seed)
    kept = Kept(counter(rated))
    waiting = series(random, every * MINUTE)
    late = [reading for reading in waiting if random.random() < 0.01]
    kept.write([reading for reading in waiting if reading not in late])
    for act in acts:
        happens(act, kept, late, random)
        kept.check()


def test_what_was_pruned_stays_in_what_is_kept() -> None:
    kept = Kept(counter())
    kept.write([(START + n * 7 * MINUTE, 500.0 + n) for n in range(DAYS * DAY // (7 * MINUTE))])
    get_store().seal(LATER)
    kept.check()

    kept.pruned = START + 2 * DAY
    get_store().prune([kept.metric.pk], kept.pruned)

    assert Checkpoint.objects.get().day == kept.pruned // DAY - 1
    kept.check()


def test_a_cascade_that_is_too_long_is_left_to_the_next_sealing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Another rated power makes other rises plausible, on every day there is."""
    monkeypatch.setattr(restating, "DAYS_AT_ONCE", 2)
    kept = Kept(counter())
    kept.write(series(np.random.default_rng(3), 5 * MINUTE))
    get_store().seal(LATER)
    for rated in (2_000.0, None, 10_000.0):
        kept.rate(rated)
        kept.check()  # from readings
        get_store().seal(LATER)
        kept.check()
        assert not Chunk.objects.filter(state=None).exists()


def test_a_gauge_that_becomes_a_counter_is_counted_as_one() -> None:
    metric = MetricFactory(type=MetricType.GAUGE, unit="Wh", key="register")
    kept = Kept(metric)
    kept.write(series(np.random.default_rng(5), 5 * MINUTE))
    get_store().seal(LATER)

    Metric.objects.filter(pk=metric.pk).update(type=MetricType.COUNTER)
    metric.refresh_from_db()

    kept.check()
    get_store().seal(LATER)
    kept.check()
    assert not Chunk.objects.filter(state=None).exists()


def test_deleting_a_counter_leaves_nothing_of_it() -> None:
    kept = Kept(counter())
    kept.write(series(np.random.default_rng(7), 5 * MINUTE))
    get_store().seal(LATER)
    get_store().prune([kept.metric.pk], START + 2 * DAY)

    kept.metric.device.delete()

    assert not Chunk.objects.exists()
    assert not Checkpoint.objects.exists()

"""Answers from quarter hours are those from readings, whatever is sealed and whatever is hot."""

import itertools
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from history import get_store
from history.arrays import Floats, Ints, ReadingBatch, Samples
from history.buckets import DAY, HOUR, MINUTE, divide
from history.counters import NEVER_READ, advance
from history.models import Chunk
from history.relational.rollup_series import RollupSeries
from history.series import BucketedSeries, SampleSeries
from history.store import HistoryStore
from metrics.models import Metric
from metrics.vocabulary import MetricType
from tests.support.factories import DeviceFactory, MetricFactory
from timeseries.summaries import Summary, columns_of

START = 20_454 * DAY  # 2026-01-01T00:00:00Z
LATER = START + 60 * DAY
DAYS = 5
RATED = 10_000.0  # W

pytestmark = pytest.mark.django_db
AGGREGATES = {
    MetricType.GAUGE: ("mean", "min", "max", "count", "last", "first", "sum"),
    MetricType.COUNTER: ("increase", "min", "max", "count", "last", "first"),
}


def regular(random: np.random.Generator) -> Ints:
    return START + MINUTE * np.arange(DAYS * 1440) + int(random.integers(0, MINUTE))


def with_gaps(random: np.random.Generator) -> Ints:
    every = regular(random)
    kept = np.ones(every.size, bool)
    for begin in random.integers(0, every.size, 12):
        kept[begin : begin + int(random.integers(1, 900))] = False
    return every[kept]


def irregular(random: np.random.Generator) -> Ints:
    return np.unique(START + random.integers(0, DAYS * DAY, DAYS * 1000))


def sparse(random: np.random.Generator) -> Ints:
    return np.unique(START + random.integers(0, DAYS * DAY, 20))


def wandering(random: np.random.Generator, size: int) -> Floats:
    return random.normal(0, 10, size).cumsum().round(1)


def rising(random: np.random.Generator, size: int) -> Floats:
    return random.integers(0, 150, size).cumsum() + 1e6


def coarse(random: np.random.Generator, size: int) -> Floats:
    """Moves in jumps of 1,000 Wh, each of which looks too steep by itself."""
    return np.floor(random.integers(0, 150, size).cumsum() / 1000) * 1000


def resetting(random: np.random.Generator, size: int) -> Floats:
    values = rising(random, size)
    for begin in random.integers(0, size, 2):
        values[begin:] -= values[begin]
    return np.maximum(values, 0)


def glitching(random: np.random.Generator, size: int) -> Floats:
    values = rising(random, size)
    values[random.integers(0, size, 2)] = 0
    values[random.integers(0, size, 1)] *= 50
    return values


def daily(random: np.random.Generator, size: int) -> Floats:
    """Begins at 0 again each midnight, by the minute: no day by itself shows it."""
    values = rising(random, size)
    return values - np.repeat(values[::1440], 1440)[:size]


CLOCKS = (regular, with_gaps, irregular, sparse)
SHAPES = {
    MetricType.GAUGE: (wandering,),
    MetricType.COUNTER: (rising, coarse, resetting, glitching, daily),
}


@dataclass
class Case:
    """One Metric's readings, some of which are late, and how much of them is sealed."""

    kind: str
    shape: Any
    clock: Any
    seed: int
    sealed: str

    def readings(self) -> Samples:
        random = np.random.default_rng(self.seed)
        timestamps = self.clock(random)
        return Samples(timestamps, self.shape(random, timestamps.size).astype(float))


def stored(case: Case, metric: Metric) -> Samples:
    samples = case.readings()
    ids = np.full(len(samples), metric.pk)
    late = np.zeros(len(samples), bool)
    if case.sealed == "with late ones":
        late[len(samples) // 3 : len(samples) // 3 + 5] = True
    store = get_store()
    whole = ReadingBatch(ids, samples.timestamps, samples.values)
    store.append(whole[~late])
    if case.sealed != "nothing":
        until = LATER if case.sealed == "everything" else START + (DAYS - 1) * DAY
        store.seal(until)
        assert Chunk.objects.filter(metric=metric).exists()
    store.append(whole[late])
    return samples


@st.composite
def cases(draw: st.DrawFn) -> Case:
    kind = draw(st.sampled_from(list(SHAPES)))
    return Case(
        kind,
        draw(st.sampled_from(SHAPES[kind])),
        draw(st.sampled_from(CLOCKS)),
        draw(st.integers(0, 10_000)),
        draw(st.sampled_from(["everything", "everything", "most", "with late ones"])),
    )


@st.composite
def windows(draw: st.DrawFn) -> tuple[int, int]:
    """Some days, of which any part may be cut off or left over at both ends."""
    rests = st.sampled_from([0, HOUR, 15 * MINUTE, 7 * MINUTE, 1, DAY // 2 + 123_456])
    begin = draw(st.integers(-1, DAYS - 2)) * DAY + draw(rests)
    return START + begin, START + begin + draw(st.integers(1, DAYS)) * DAY + draw(rests)


def read(store: HistoryStore, summary: Summary, *, envelope: bool = False) -> BucketedSeries:
    query = summary.query(envelope=envelope)
    edges, known_until = summary.buckets.edges, summary.known_until
    return next(store.read_series([query], edges, known_until=known_until))[1]


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    case=cases(),
    window=windows(),
    resolution=st.sampled_from(["15m", "30m", "1h", "6h", "1d"]),
    zone=st.sampled_from(["UTC", "Europe/Amsterdam", "Asia/Kathmandu", "Australia/Lord_Howe"]),
    interval=st.sampled_from([60, 60, 60, 60, 300]),
    now=st.sampled_from([9 * DAY, 9 * DAY, 9 * DAY, 3 * DAY + 1234 * MINUTE]),
    envelope=st.booleans(),
    data=st.data(),
)
def test_quarter_hours_answer_as_readings_do(
    case: Case,
    window: tuple[int, int],
    resolution: str,
    zone: str,
    interval: int,
    now: int,
    envelope: bool,
    data: st.DataObject,
) -> None:
    metric = MetricFactory(
        device=DeviceFactory(rated_power=data.draw(st.sampled_from([None, RATED]))),
        type=case.kind,
        unit="Wh" if case.kind == MetricType.COUNTER else "W",
    )
    samples = stored(case, metric)
    metric.expected_interval = interval  # since sealing it may have changed
    buckets = divide(*window, resolution, ZoneInfo(zone), at_most=10_000)
    aggregate = data.draw(st.sampled_from(AGGREGATES[case.kind]))
    summary = Summary(metric, aggregate, buckets, START + now)
    query = summary.query(envelope=envelope)
    found = read(get_store(), summary, envelope=envelope)

    steps, _ = advance(NEVER_READ, samples.timestamps, samples.values, query.rules)
    plain = query.series_of(samples, buckets.edges, START + now, steps)
    expected = summary.columns(plain, envelope=envelope, fill="previous")
    columns = summary.columns(found, envelope=envelope, fill="previous")
    assert found.newest == plain.newest

    for name, values in expected.items():
        np.testing.assert_allclose(columns[name], values, rtol=1e-9, atol=1e-6, err_msg=name)


def series_of(metric: Metric, aggregate: str) -> BucketedSeries:
    buckets = divide(START, START + DAYS * DAY, "1h", ZoneInfo("UTC"), at_most=10_000)
    return read(get_store(), Summary(metric, aggregate, buckets, LATER))


@pytest.mark.parametrize(
    ("kind", "shape", "aggregate"),
    [
        (MetricType.GAUGE, wandering, "mean"),
        (MetricType.GAUGE, wandering, "max"),
        (MetricType.COUNTER, rising, "increase"),
        (MetricType.COUNTER, coarse, "last"),
        (MetricType.COUNTER, glitching, "count"),
    ],
)
def test_sealed_days_are_answered_from_their_summaries(
    kind: str, shape: Any, aggregate: str
) -> None:
    metric = MetricFactory(
        device=DeviceFactory(rated_power=RATED),
        type=kind,
        unit="Wh" if kind == MetricType.COUNTER else "W",
    )
    stored(Case(kind, shape, regular, 1, "everything"), metric)

    assert isinstance(series_of(metric, aggregate), RollupSeries)


def test_metrics_asked_together_answer_as_each_alone() -> None:
    """Metrics that were measured at the same moments share what these come to."""
    buckets = divide(START + HOUR, START + 4 * DAY, "1h", ZoneInfo("UTC"), at_most=10_000)
    summaries = []
    for kind, shape, clock, interval in itertools.product(
        (MetricType.GAUGE, MetricType.COUNTER), (rising, resetting), (regular, with_gaps), (60, 300)
    ):
        metric = MetricFactory(type=kind, unit="Wh", expected_interval=interval)
        stored(Case(kind, shape, clock, 1, "with late ones"), metric)
        aggregate = "mean" if kind == MetricType.GAUGE else "increase"
        summaries.append(Summary(metric, aggregate, buckets, LATER))

    together = columns_of(summaries, envelope=True, fill="previous")

    for summary, columns in zip(summaries, together, strict=True):
        (alone,) = columns_of([summary], envelope=True, fill="previous")
        for name, values in columns.items():
            np.testing.assert_array_equal(values, alone[name], err_msg=name)


@pytest.mark.parametrize("shape", [resetting, glitching, daily])
def test_a_counter_that_falls_is_answered_from_its_rollups(shape: Any) -> None:
    metric = MetricFactory(type=MetricType.COUNTER, unit="Wh")
    stored(Case(MetricType.COUNTER, shape, regular, 1, "everything"), metric)

    assert isinstance(series_of(metric, "increase"), RollupSeries)


def test_a_mean_of_the_largest_values_is_told_from_the_readings(metric: Metric) -> None:
    timestamps = regular(np.random.default_rng(1))
    values = np.where(np.arange(timestamps.size) % 2, 1.7e308, -1.7e308)
    get_store().append(ReadingBatch(np.full(values.size, metric.pk), timestamps, values))
    get_store().seal(LATER)

    assert isinstance(series_of(metric, "mean"), SampleSeries)


@pytest.mark.parametrize("aggregate", ["mean", "max", "count"])
def test_a_chunk_without_a_rollup_is_told_from_the_readings(metric: Metric, aggregate: str) -> None:
    stored(Case(MetricType.GAUGE, wandering, regular, 1, "everything"), metric)
    Chunk.objects.update(shape=None)

    assert isinstance(series_of(metric, aggregate), SampleSeries)

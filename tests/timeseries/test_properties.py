"""Whatever is stored and however it is asked for, every engine answers as plain loops would."""

import math
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from energy.instants import from_micros, to_micros
from history import get_store
from history.arrays import ReadingBatch
from history.buckets import MINUTE
from metrics.models import Metric
from metrics.vocabulary import MetricType
from tests.support import counter_reference, reference
from tests.support.factories import DeviceFactory, MetricFactory
from tests.support.reference import Bucket, Readings
from timeseries import answers
from timeseries.answers import answer
from timeseries.queries import TimeSeriesQuery

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("store")]

RATED = 30_000.0  # W
MAX_RATE = 1.1 * RATED / 3.6e9  # Wh a microsecond
INTERVAL = 60  # s
# Around changes of clocks in every zone below, and the day that Apia skipped.
BEGINNINGS = [
    datetime(2011, 12, 28, 3, tzinfo=UTC),
    datetime(2026, 3, 27, 11, 30, tzinfo=UTC),
    datetime(2026, 4, 3, tzinfo=UTC),
    datetime(2026, 10, 2, 17, 45, tzinfo=UTC),
    datetime(2026, 10, 30, 4, tzinfo=UTC),
]
ZONES = [
    "America/New_York",
    "Asia/Kathmandu",
    "Australia/Adelaide",
    "Australia/Lord_Howe",
    "Europe/Amsterdam",
    "Pacific/Apia",
    "UTC",
]
DAYS = 5
LENGTHS = {"1m": 1, "5m": 5, "15m": 15, "30m": 30, "1h": 60, "6h": 360}  # minutes
AGGREGATES = {
    MetricType.GAUGE: ["mean", "min", "max", "sum", "count", "first", "last"],
    MetricType.COUNTER: ["increase", "min", "max", "count", "first", "last"],
    MetricType.INTERVAL: ["sum", "mean", "min", "max", "count", "first", "last"],
    MetricType.STATE: ["last", "first", "count", "min", "max"],
}
PRECISION = {"values": 1e-6, "coverage": 6e-5}  # coverage is told with four digits
everywhere = settings(
    max_examples=20,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

Batch = list[tuple[int, float]]


# What is stored -----------------------------------------------------------------------------------


@st.composite
def bursts(draw: st.DrawFn, begin: int, kind: str) -> Batch:
    """Readings of one delivery: regular for a while, on the edges of buckets or off them."""
    minute = draw(st.integers(-600, DAYS * 1440))
    offset = draw(st.sampled_from([0, 0, 1, 17_000_000, 59_999_999]))
    step = draw(st.sampled_from([20, 60, 60, 60, 300, 900, 5_400]))
    count = draw(st.integers(1, 250))
    random = np.random.default_rng(draw(st.integers(0, 1_000)))
    times = begin + minute * MINUTE + offset + np.arange(count) * step * 1_000_000
    return list(zip(times.tolist(), values(random, kind, count), strict=True))


def values(random: np.random.Generator, kind: str, count: int) -> list[float]:
    """Power that wanders; a counter with resets and glitches; a few states."""
    if kind == MetricType.STATE:
        return random.integers(0, 4, count).astype(float).tolist()
    if kind in (MetricType.GAUGE, MetricType.INTERVAL):
        return random.normal(0, 100, count).cumsum().round(2).tolist()
    risen = 10_000.0 + random.integers(0, 300, count).cumsum()
    if random.random() < 0.3:
        risen[count // 2 :] -= risen[count // 2]
    if random.random() < 0.3:
        risen[random.integers(0, count)] *= random.choice([0, 1_000])
    return risen.tolist()


@st.composite
def histories(draw: st.DrawFn) -> tuple[str, int, list[Batch]]:
    """A type of Metric, when it began, and what was delivered, in no order and in part again."""
    kind = draw(st.sampled_from(list(AGGREGATES)))
    begin = to_micros(draw(st.sampled_from(BEGINNINGS)))
    return kind, begin, draw(st.lists(bursts(begin, kind), max_size=5))


def stored(kind: str, batches: list[Batch]) -> tuple[Metric, Readings]:
    """A new Metric that was sent these, and what it must have now: of an instant the last."""
    unit = "Wh" if kind in (MetricType.COUNTER, MetricType.INTERVAL) else "W"
    device = DeviceFactory(rated_power=RATED)
    metric = MetricFactory(device=device, type=kind, unit=unit, expected_interval=INTERVAL)
    for batch in batches:
        times, numbers = zip(*batch, strict=True)
        get_store().append(ReadingBatch.of([metric.pk] * len(batch), times, numbers))
    return metric, sorted(dict(reading for batch in batches for reading in batch).items())


# The same, slowly ---------------------------------------------------------------------------------


def buckets(window: Bucket, resolution: str, zone: ZoneInfo) -> Iterator[tuple[datetime, Bucket]]:
    """The local start of each bucket and the part of it inside the window, minute by minute."""
    start, end = window

    def name(minute: int) -> Any:
        local = from_micros(minute).astimezone(zone)
        calendar = {
            "1d": local.date(),
            "1w": local.date() - timedelta(days=local.weekday()),
            "1mo": local.date().replace(day=1),
        }
        if resolution in calendar:
            return calendar[resolution]
        return minute // (LENGTHS[resolution] * MINUTE)

    for bucket, minutes in groupby(range(start, end, MINUTE), key=name):
        inside = list(minutes)
        first = inside[0]
        while name(first - MINUTE) == bucket:
            first -= MINUTE
        shown = zone if resolution in ("1d", "1w", "1mo") else UTC
        yield from_micros(first).astimezone(shown), (inside[0], inside[-1] + MINUTE)


def summed_up(
    kind: str, aggregate: str, readings: Readings, bucket: Bucket, now: int
) -> float | None:
    within = reference.inside(readings, bucket)
    # A reading stands for five intervals, the amount of an interval for one.
    interval = INTERVAL * 1_000_000 // (5 if kind == MetricType.INTERVAL else 1)
    if aggregate == "mean":
        return reference.mean(readings, bucket, interval, now)
    if aggregate == "coverage":
        return reference.coverage(readings, bucket, interval, now)
    if kind == MetricType.INTERVAL and aggregate in ("sum", "share"):
        amount, share = reference.amounts(readings, bucket, INTERVAL * 1_000_000)
        return amount if aggregate == "sum" else share
    if aggregate == "increase":
        steps = counter_reference.steps_of(readings, MAX_RATE, None)
        return reference.increase(steps, bucket)
    if not within:
        return None
    single = {
        "min": min(within),
        "max": max(within),
        "sum": math.fsum(within),
        "count": float(len(within)),
        "first": within[0],
        "last": within[-1],
    }
    return single[aggregate]


def not_told(readings: Readings, bucket: Bucket, now: int) -> float:
    """The share of a bucket for which a counter was read, but nothing is known of its rise."""
    steps = counter_reference.steps_of(readings, MAX_RATE, None)
    spans = [
        min(until, since + 5 * INTERVAL * 1_000_000, now, bucket[1]) - max(since, bucket[0])
        for since, until, amount in steps
        if amount is None
    ]
    return sum(span for span in spans if span > 0) / (bucket[1] - bucket[0])


def numbers(values: list[float | None]) -> list[float]:
    return [math.nan if value is None else value for value in values]


# Properties ---------------------------------------------------------------------------------------


@everywhere
@given(
    history=histories(),
    resolution=st.sampled_from([*LENGTHS, "1d", "1w", "1mo"]),
    zone=st.sampled_from(ZONES),
    edges=st.tuples(st.integers(-700, DAYS * 1440), st.integers(1, DAYS * 1440)),
    days_known=st.sampled_from([100, 2]),
)
def test_every_bucket_is_what_its_readings_come_to(
    history: tuple[str, int, list[Batch]],
    resolution: str,
    zone: str,
    edges: tuple[int, int],
    days_known: int,
) -> None:
    kind, begin, batches = history
    metric, readings = stored(kind, batches)
    start = begin + edges[0] * MINUTE
    window = (start, start + edges[1] * MINUTE)
    now = begin + days_known * 1440 * MINUTE
    assume(now > window[0])
    expected = list(buckets(window, resolution, ZoneInfo(zone)))
    for aggregate in AGGREGATES[kind]:
        query = TimeSeriesQuery(
            start=from_micros(window[0]),
            end=from_micros(window[1]),
            resolution=resolution,
            aggregate=aggregate,
            time_zone=zone,
        )
        found = answer([metric], query, from_micros(now))

        assert [datetime.fromisoformat(label) for label in found["timestamps"]] == [
            local for local, _ in expected
        ]
        adds = kind == MetricType.INTERVAL and aggregate == "sum"
        for name, what in (("values", aggregate), ("coverage", "share" if adds else "coverage")):
            wanted = numbers(
                [summed_up(kind, what, readings, bucket, now) for _, bucket in expected]
            )
            if aggregate == "increase" and name == "coverage":
                wanted = [
                    share - not_told(readings, bucket, now)
                    for share, (_, bucket) in zip(wanted, expected, strict=True)
                ]
            answered = numbers(found["series"][0][name])
            assert answered == pytest.approx(wanted, rel=1e-9, abs=PRECISION[name], nan_ok=True)


@everywhere
@given(history=histories(), limit=st.integers(1, 90), data=st.data())
def test_raw_pages_together_are_every_reading_once(
    history: tuple[str, int, list[Batch]],
    limit: int,
    data: st.DataObject,
) -> None:
    kind, begin, batches = history
    metric, readings = stored(kind, batches)
    first = begin + data.draw(st.integers(-600, DAYS * 1440)) * MINUTE
    window = {"start": from_micros(first), "end": from_micros(first + 2 * 1440 * MINUTE)}
    found, cursor = [], None
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(answers, "MAX_RAW_POINTS", limit)
        while True:
            query = TimeSeriesQuery(**window, resolution="raw", cursor=cursor)
            page = answer([metric], query, from_micros(begin + 10**15))
            (series,) = page["series"]
            assert len(series["values"]) <= limit
            times = [to_micros(datetime.fromisoformat(label)) for label in series["timestamps"]]
            found += zip(times, series["values"], strict=True)
            cursor = page["next_cursor"]
            if cursor is None:
                break

    assert found == [r for r in readings if first <= r[0] < first + 2 * 1440 * MINUTE]

"""What counters come to, however they are asked: on every engine, sealed or not."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import numpy as np
import pytest

from energy.instants import to_micros
from history import get_store
from history.arrays import ReadingBatch
from metrics.models import Metric
from metrics.vocabulary import MetricType
from tests.support.factories import DeviceFactory, MetricFactory
from timeseries.answers import answer
from timeseries.queries import TimeSeriesQuery

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("store")]

START = datetime(2026, 1, 1, tzinfo=UTC)
NOW = START + timedelta(days=30)
HOURS = [START + timedelta(hours=hour) for hour in range(24 * 4 + 1)]
DAYS = HOURS[::24]

Pairs = Sequence[tuple[float, float]]


def counter(unit: str = "kWh", rated: float | None = None, rollover: float | None = None) -> Metric:
    """A counter of a Device with that rated power in W."""
    device = DeviceFactory(rated_power=rated)
    return MetricFactory(
        device=device, key="register", type=MetricType.COUNTER, unit=unit, rollover=rollover
    )


def write(metric: Metric, readings: Pairs) -> None:
    """Store (minute, value) pairs."""
    minutes, values = zip(*readings, strict=True)
    times = to_micros(START) + (np.array(minutes) * 60_000_000).astype(np.int64)
    get_store().append(ReadingBatch.of(np.full(len(times), metric.pk), times, values))


def asked(metric: Metric, start: datetime, end: datetime, resolution: str) -> list[float | None]:
    query = TimeSeriesQuery(start=start, end=end, resolution=resolution, time_zone="UTC")
    (series,) = answer([metric], query, NOW)["series"]
    values: list[float | None] = series["values"]
    return values


def alone(metric: Metric, edges: Sequence[datetime], resolution: str) -> list[float | None]:
    """Each bucket asked for by itself."""
    return [asked(metric, start, end, resolution)[0] for start, end in pairwise(edges)]


def total(values: Sequence[float | None]) -> float:
    return sum(value for value in values if value is not None)


def every(minutes: float, *values: float) -> Pairs:
    return [(place * minutes, value) for place, value in enumerate(values)]


@pytest.mark.parametrize(
    ("made", "readings", "expected"),
    [
        ({}, every(1, 215.6, 215.7, 215.6), 0.1),
        ({}, every(60, 42255.67, 42255.63, 42255.77), 0.1),
        ({}, every(60, 13423.7, 0, 13423.9), 0.2),
        ({"rated": 5000}, every(60, 3.0, 3.2, 3.1, 3.3, 3.6), 0.6),
        ({"rated": 5000}, every(60, 3.9, 4.0, 0, 4.1, 4.2), 0.3),
        (
            {"unit": "Wh", "rated": 5000, "rollover": 65_536},
            every(60, 65_000, 300, 400),
            936,
        ),
    ],
)
def test_reported_series_come_to_what_was_used(
    made: dict[str, float], readings: Pairs, expected: float
) -> None:
    metric = counter(**made)
    write(metric, readings)

    assert total(asked(metric, DAYS[0], DAYS[1], "1d")) == pytest.approx(expected)
    assert total(asked(metric, DAYS[0], DAYS[1], "1h")) == pytest.approx(expected)
    assert total(alone(metric, HOURS[:7], "1h")) == pytest.approx(expected)
    assert total(asked(metric, HOURS[0], HOURS[6], "1m")) == pytest.approx(expected)


def test_a_coarse_counter_shows_each_hour_alone_what_it_does_in_the_day() -> None:
    """It moves by 1 kWh at five past each hour, and is read every minute."""
    metric = counter(rated=5000)
    write(metric, [(minute, 700.0 + (minute + 55) // 60) for minute in range(3 * 1440)])

    assert asked(metric, DAYS[1], DAYS[2], "1d") == [pytest.approx(24)]
    assert asked(metric, DAYS[1], DAYS[2], "1h") == [pytest.approx(1)] * 24
    assert alone(metric, HOURS[24:49], "1h") == [pytest.approx(1)] * 24


def test_one_garbled_reading_takes_nothing_from_any_day() -> None:
    metric = counter(unit="Wh")
    write(metric, [(60 * h, 1.8e19 if h == 33 else 5000.0 + 100 * h) for h in range(97)])

    assert asked(metric, DAYS[0], DAYS[4], "1d") == [pytest.approx(2400)] * 4
    assert alone(metric, DAYS, "1d") == [pytest.approx(2400)] * 4


def test_what_a_late_reading_changes_is_right_at_once() -> None:
    """A blip on the first day is told from a reset by a reading that arrives last."""
    metric = counter(unit="Wh", rated=5000)
    readings = [(minute, 50_000.0 + minute) for minute in range(0, 4 * 1440 + 1, 5)]
    late = [reading for reading in readings if 700 <= reading[0] < 720]
    write(metric, [reading for reading in readings if reading not in late])
    before = asked(metric, DAYS[0], DAYS[4], "1d")

    write(metric, [(700, 0.0)])
    write(metric, late)

    assert before == asked(metric, DAYS[0], DAYS[4], "1d") == [pytest.approx(1440)] * 4
    assert alone(metric, DAYS, "1d") == [pytest.approx(1440)] * 4


def test_a_window_begins_where_the_counter_stood_weeks_ago() -> None:
    metric = counter(unit="Wh", rated=5000)
    write(metric, [(-20 * 1440, 1000), (-20 * 1440 + 60, 1100), (60, 100_000), (120, 100_500)])

    # 98.9 kWh in twenty days are plausible at 5 kW, which an hour before the window is not.
    assert asked(metric, DAYS[0], DAYS[1], "1d")[0] == pytest.approx(500 + 98_900 / 480, rel=1e-2)
    assert asked(metric, HOURS[1], HOURS[2], "1h") == [pytest.approx(500)]


def covered(metric: Metric, resolution: str) -> list[float]:
    query = TimeSeriesQuery(start=DAYS[0], end=DAYS[1], resolution=resolution, time_zone="UTC")
    (series,) = answer([metric], query, NOW)["series"]
    coverage: list[float] = series["coverage"]
    return coverage


def test_what_rises_faster_than_the_device_can_is_not_covered() -> None:
    """Every minute 50 Wh, of a Device with 5 W: somebody meant kW."""
    metric = counter(unit="Wh", rated=5)
    write(metric, [(minute, 1_000.0 + 50 * minute) for minute in range(1441)])

    assert asked(metric, DAYS[0], DAYS[1], "1d") == [None]
    assert asked(metric, DAYS[0], DAYS[1], "1h") == [None] * 24
    assert covered(metric, "1d") == pytest.approx([0], abs=1e-3)  # the last one is undecided

    metric.device.rated_power = 5_000
    metric.device.save()
    assert asked(metric, DAYS[0], DAYS[1], "1d") == [pytest.approx(72_000)]
    assert covered(metric, "1d") == [1]


def test_the_time_of_an_implausible_rise_is_not_covered() -> None:
    metric = counter(rated=5000)
    values = [1.0 + hour / 100 + (1000 if hour >= 6 else 0) for hour in range(25)]
    write(metric, [(60 * hour + n, values[hour]) for hour in range(25) for n in range(0, 60, 2)])

    assert covered(metric, "1h") == pytest.approx([1] * 5 + [58 / 60] + [1] * 18, abs=1e-4)
    assert covered(metric, "1d") == pytest.approx([1 - 2 / 1440], abs=1e-4)
    assert covered(metric, "15m")[20:24] == pytest.approx([1, 1, 1, 13 / 15], abs=1e-4)

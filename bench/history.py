"""Days of readings by the minute, as devices measure them with their sensors' resolution."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from time import perf_counter

import numpy as np
from django.db import transaction
from numpy.typing import NDArray

from energy.instants import to_micros
from history import get_store
from history.arrays import ReadingBatch
from history.buckets import DAY, MINUTE
from history.relational.sealing import HEAD_DAYS
from ingest.door import store_history

Matrix = NDArray[np.float64]
Shape = Callable[[np.random.Generator, int, int], Matrix]

MINUTES = 1440
_CLOCK = np.arange(MINUTES) / MINUTES
_KNOTS = 48  # half-hours: about as often as the weather and people's needs change
_DAILY_ENERGY = 10_000.0  # Wh


def first_unsealed_day(now: datetime) -> int:
    """The first UTC day, counted from the Unix epoch, that is not sealed at `now`."""
    return to_micros(now) // DAY - HEAD_DAYS


def _drift(random: np.random.Generator, rows: int) -> Matrix:
    """Numbers between 0 and 1 that change direction every half-hour."""
    knots = random.random((rows, _KNOTS + 1))
    place = _CLOCK * _KNOTS
    left = place.astype(int)
    share = place - left
    return knots[:, left] * (1 - share) + knots[:, left + 1] * share


def load(random: np.random.Generator, rows: int, day: int) -> Matrix:
    """W, to the watt."""
    daily = 600 - 300 * np.cos(2 * np.pi * _CLOCK)
    noise = random.normal(0, 8, (rows, MINUTES))
    return np.round(daily * (0.5 + _drift(random, rows)) + noise)


def photovoltaics(random: np.random.Generator, rows: int, day: int) -> Matrix:
    """W, to the watt; nothing at night."""
    sun = np.maximum(0, -np.cos(2 * np.pi * _CLOCK)) * 4000
    noise = random.normal(1, 0.01, (rows, MINUTES))
    return np.round(sun * (0.3 + 0.7 * _drift(random, rows)) * noise)


def voltage(random: np.random.Generator, rows: int, day: int) -> Matrix:
    """V, to a tenth."""
    return np.round(228 + 5 * _drift(random, rows) + random.normal(0, 0.3, (rows, MINUTES)), 1)


def temperature(random: np.random.Generator, rows: int, day: int) -> Matrix:
    """°C, to a tenth."""
    noise = random.normal(0, 0.05, (rows, MINUTES))
    return np.round(12 - 6 * np.cos(2 * np.pi * _CLOCK) + 2 * _drift(random, rows) + noise, 1)


def energy(random: np.random.Generator, rows: int, day: int) -> Matrix:
    """Wh of a counter, to the watt-hour, continued from day to day."""
    used = np.cumsum(load(random, rows, day), axis=1)
    return np.round((day + used / used[:, -1:]) * _DAILY_ENERGY)


# What the n-th Metric measures is the n-th of these, over and over: kind of Device, key, shape.
SHAPES: tuple[tuple[str, str, Shape], ...] = (
    ("load_meter", "active_power", load),
    ("inverter", "active_power", photovoltaics),
    ("grid_meter", "voltage", voltage),
    ("weather_station", "ambient_temperature", temperature),
    ("load_meter", "consumption_energy", energy),
)


def day_of(metric_ids: list[int], day: int) -> ReadingBatch:
    """All readings of a day, by Metric, then time; always the same for the same day."""
    random = np.random.default_rng(day)
    values = np.empty((len(metric_ids), MINUTES))
    for place, (_, _, shape) in enumerate(SHAPES):
        rows = values[place :: len(SHAPES)]
        rows[:] = shape(random, len(rows), day)
    timestamps = day * DAY + MINUTE * np.arange(MINUTES)
    return ReadingBatch(
        np.repeat(np.array(metric_ids, np.int64), MINUTES),
        np.tile(timestamps, len(metric_ids)),
        values.ravel(),
    )


def fill(metric_ids: list[int], days: range) -> float:
    """Store days as imports do, one in memory at a time; returns the seconds that it took."""
    return sum(_timed(store_history, batch) for batch in _days(metric_ids, days))


def fill_head(metric_ids: list[int], day: int) -> None:
    """Store a day as rows of the head, as if it had arrived minute by minute."""
    (batch,) = _days(metric_ids, range(day, day + 1))
    for part in np.array_split(np.arange(len(batch)), 10):
        with transaction.atomic():  # as the door does: by itself each row would be committed
            get_store().append(batch[part[0] : part[-1] + 1])


def _days(metric_ids: list[int], days: range) -> Iterator[ReadingBatch]:
    return (day_of(metric_ids, day) for day in days)


def _timed(store: Callable[..., int], batch: ReadingBatch) -> float:
    started = perf_counter()
    store(batch, now=datetime.now(UTC))
    return perf_counter() - started

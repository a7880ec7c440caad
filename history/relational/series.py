"""Series of the Metrics of a block: rollups of sealed days, and of all other days their readings.

A day's rollup is used where it tells exactly what the day's readings would: where the day lies in
the window, has no readings in the head, was sealed with the same lookback, and has what the query
needs. How far a counter rose is computed from rollups only where every step is a plausible rise,
from the reading before the window to the one behind it: resets and glitches need the readings.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from history.arrays import Ints, Samples
from history.buckets import DAY
from history.merge import merged
from history.relational import reading
from history.relational.backend import backend
from history.relational.chunks import decoded_chunks
from history.relational.rollup_series import QuarterHours, RollupSeries
from history.relational.rollups import (
    LARGEST_SUMMED,
    QUARTER,
    QUARTERS_A_DAY,
    DayRollups,
    Rollups,
    decoded_shape,
    rolled_up,
    steepest,
)
from history.series import BucketedSeries
from history.store import NEIGHBOURS_BEFORE, SeriesQuery

# With more days than this for each one that has a rollup, the readings are as fast.
_EMPTY_DAYS = 6
# QuarterHours that are remembered: a quarter of a megabyte each for a month.
_REMEMBERED = 8
_LONG_AGO = -(2**62)  # before any instant, and far from overflowing
# Rounding must not let a rise pass that is just beyond the limit.
_JUST_BELOW = 1 - 1e-12
_NOTHING = Samples.empty()

Flags = NDArray[np.bool_]
Part = tuple[SeriesQuery, DayRollups, Samples]


def may_tell(edges: Ints) -> bool:
    """Whether rollups may tell anything of buckets: they have quarter hours, and whole days."""
    start, end = edges[[0, -1]].tolist()
    return end // DAY > -(-start // DAY) and not (edges[1:-1] % QUARTER).any()


class BlockReader:
    """Reads the series of one block of Metrics, which `may_tell`."""

    def __init__(self, queries: Sequence[SeriesQuery], edges: Ints, known_until: int) -> None:
        self._queries = queries
        self._edges = edges
        self._known_until = known_until
        self._ids = np.array([query.metric_id for query in queries])
        self._limits = np.array([_rise_limit(query) for query in queries])
        self._rising = np.array([query.needs == "rise" for query in queries])
        self._start, self._end = edges[[0, -1]].tolist()
        self._first, self._last = self._start // DAY, (self._end - 1) // DAY
        self._days = self._last + 1 - self._first
        self._offset = (self._start - self._first * DAY) // QUARTER
        self._quarter_hours: dict[object, QuarterHours] = {}

    def read(self) -> Iterator[tuple[int, BucketedSeries]]:
        """The series of each Metric; they are decoded one after the other."""
        # The head first: what is sealed in between is then seen twice, never missed.
        self._head = backend().select(self._ids.tolist(), self._start, self._end)
        self._fetch_rollups()
        rollups, others = self._chosen()
        samples = self._samples(rollups, others)
        computed = self._computed(rollups, samples)
        days = [replace(kept, computed=new) for kept, new in zip(rollups, computed, strict=True)]
        yield from self._series_of(list(zip(self._queries, days, samples, strict=True)))

    def _fetch_rollups(self) -> None:
        extremes = any(query.extremes for query in self._queries)
        found = backend().rollups(self._ids.tolist(), self._first, self._last, extremes=extremes)
        self._columns: Sequence[Sequence[Any]] = list(zip(*found, strict=True)) or [()] * 8
        order = np.argsort(self._ids)
        ids, self._numbers, self._lookbacks = (np.array(c, np.int64) for c in self._columns[:3])
        self._rises = np.array(self._columns[3], np.float64)
        self._places = order[np.searchsorted(self._ids, ids, sorter=order)]
        # Each day's place among all days of the window of all Metrics.
        self._keys = self._places * self._days + self._numbers - self._first

    # Which rollups are used -----------------------------------------------------------------------

    def _chosen(self) -> tuple[list[DayRollups], Flags]:
        """The rollups of each Metric that are used, and which of all are not."""
        applicable = self._applicable()
        rows = np.flatnonzero(applicable)
        rows = rows[np.argsort(self._keys[rows])]
        keys = self._keys[rows]
        bounds = np.searchsorted(keys, np.arange(self._ids.size + 1) * self._days)
        days = (keys % self._days).tolist()
        chosen = []
        for low, high in pairwise(bounds.tolist()):
            places, some = days[low:high], rows[low:high].tolist()
            kept: Any = [[column[row] for row in some] for column in self._columns[4:]]
            chosen.append(DayRollups(self._days, self._offset, places, *kept))
        return chosen, ~applicable

    def _applicable(self) -> Flags:
        kept = np.array([shape is not None for shape in self._columns[4]], bool)
        fitting = kept & self._fitting()
        begins = self._numbers * DAY
        inside = (self._start <= begins) & (begins + DAY <= min(self._end, self._known_until))
        lookbacks = np.array([query.lookback for query in self._queries])[self._places]
        applicable = fitting & inside & (self._lookbacks == lookbacks)
        applicable &= ~np.isin(self._keys, self._touched())
        # One day that may spoil the rise of all is enough to need all readings.
        spoilt = np.bincount(self._places[kept & ~fitting], minlength=self._ids.size) > 0
        counts = np.bincount(self._places[applicable], minlength=self._ids.size)
        too_few = counts * _EMPTY_DAYS < self._days
        return applicable & ~((self._rising & spoilt) | too_few)[self._places]

    def _fitting(self) -> Flags:
        """Which rollups have what is needed, where they are kept."""
        only_rose = ~np.isnan(self._rises)
        averaged = np.array([query.needs == "mean" for query in self._queries])[self._places]
        steady = only_rose & (self._rises <= self._limits[self._places])
        return np.where(self._rising[self._places], steady, ~averaged | ~only_rose)

    def _touched(self) -> Ints:
        """The keys of the days that have readings in the head."""
        touched = [
            np.unique(self._head[query.metric_id].timestamps // DAY)
            - self._first
            + place * self._days
            for place, query in enumerate(self._queries)
            if query.metric_id in self._head
        ]
        return np.concatenate(touched) if touched else np.empty(0, np.int64)

    # Readings -------------------------------------------------------------------------------------

    def _samples(self, rollups: Sequence[DayRollups], others: Flags) -> list[Samples]:
        """Of each Metric, the readings of the days without rollups, and the nearest around."""
        apart = [
            query.metric_id
            for query, days in zip(self._queries, rollups, strict=True)
            if not self._begins_inside(query, days)
        ]
        if apart:
            around = backend().neighbours(apart, self._start, self._end)
            self._head = merged(self._head, around)
        ids, numbers = self._ids[self._places[others]], self._numbers[others]
        pairs = list(zip(ids.tolist(), numbers.tolist(), strict=True))
        rows = backend().chosen_chunks(pairs) if pairs else []
        rows += backend().chunks_around(apart, self._first, self._last) if apart else []
        found = merged(decoded_chunks(rows), self._head)
        return [
            found[metric_id].around(self._start, self._end, NEIGHBOURS_BEFORE)
            if metric_id in found
            else _NOTHING
            for metric_id in self._ids.tolist()
        ]

    def _begins_inside(self, query: SeriesQuery, days: DayRollups) -> bool:
        """Whether a reading begins the window, and no counter rises across its edges."""
        if query.needs == "rise" or self._start % QUARTER or 0 not in days.places[:1]:
            return False
        count, first = decoded_shape(days.shapes[0])[:2, self._offset].tolist()
        return bool(count and not first)

    def _computed(
        self, rollups: Sequence[DayRollups], samples: Sequence[Samples]
    ) -> list[Rollups | None]:
        """The rollups of the readings in the window of each Metric that has other rollups too."""
        insides = [
            found.within(self._start, self._end) if days.places else _NOTHING
            for days, found in zip(rollups, samples, strict=True)
        ]
        sizes = [len(inside) for inside in insides]
        if not any(sizes):
            return [None] * len(insides)
        begins = np.arange(len(insides) + 1) * self._days * QUARTERS_A_DAY
        timestamps = np.concatenate([inside.timestamps for inside in insides])
        origins = np.repeat(begins[:-1] - self._first * QUARTERS_A_DAY, sizes)
        found = rolled_up(
            timestamps // QUARTER + origins,
            timestamps,
            np.concatenate([inside.values for inside in insides]),
            lookback=np.repeat([query.lookback for query in self._queries], sizes),
            until=min(self._end, self._known_until),
        )
        bounds = pairwise(np.searchsorted(found.keys, begins).tolist())
        found = replace(found, keys=found.keys % begins[1])
        return [found.between(low, high) if low < high else None for low, high in bounds]

    # Series ---------------------------------------------------------------------------------------

    def _series_of(self, parts: Sequence[Part]) -> Iterator[tuple[int, BucketedSeries]]:
        rising = {
            query.metric_id: self._rollup_series(query, days, samples)
            for query, days, samples in parts
            if days.places and query.needs == "rise"
        }
        inexact = [
            query.metric_id
            for query, days, samples in parts
            if days.places and not self._is_exact(query, samples, rising.get(query.metric_id))
        ]
        again: dict[int, Samples] = dict.fromkeys(inexact, _NOTHING)
        if inexact:
            again |= reading.read(inexact, self._start, self._end, with_neighbours=True)
        for query, days, samples in parts:
            metric_id = query.metric_id
            if metric_id in again or not days.places:
                readings = again.pop(metric_id, samples)
                yield metric_id, query.series_of(readings, self._edges, self._known_until)
            else:
                known = rising.pop(metric_id, None)
                yield metric_id, known or self._rollup_series(query, days, samples)

    def _is_exact(self, query: SeriesQuery, samples: Samples, rising: RollupSeries | None) -> bool:
        """Whether rollups tell exactly; `rising` is the series of a counter that is to rise."""
        inside = samples.within(self._start, self._end)
        if len(inside) and np.abs(inside.values).max() > LARGEST_SUMMED:
            return False
        if rising is None:
            return True
        days = np.unique(inside.timestamps // DAY, return_inverse=True)[1]
        rates = steepest(days, inside.timestamps, inside.values, len(inside))
        # A step between readings of the same day, and any other.
        return bool((rates <= _rise_limit(query)).all()) and rising.only_rises(query.max_rate)

    def _rollup_series(
        self, query: SeriesQuery, days: DayRollups, samples: Samples
    ) -> RollupSeries:
        low, high = np.searchsorted(samples.timestamps, (self._start, self._end))
        before, behind = samples.between(0, low), samples.between(high, len(samples))
        since = int(before.timestamps[-1]) if len(before) else _LONG_AGO
        return RollupSeries(self._hours(query, days, since), days, before, behind)

    def _hours(self, query: SeriesQuery, days: DayRollups, since: int) -> QuarterHours:
        """Those of another Metric that was measured at the same moments, or new ones."""
        key = days.moments, since, query.lookback
        if key not in self._quarter_hours:
            if len(self._quarter_hours) == _REMEMBERED:
                self._quarter_hours.clear()
            count = -(-self._end // QUARTER) - self._start // QUARTER
            self._quarter_hours[key] = QuarterHours(
                self._edges, days.shape(count), since, query.lookback, self._known_until
            )
        return self._quarter_hours[key]


def _rise_limit(query: SeriesQuery) -> float:
    """How much a counter gains in a microsecond at most, infinite where that is not known."""
    return np.inf if query.max_rate is None else query.max_rate * _JUST_BELOW

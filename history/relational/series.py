"""Series of the Metrics of a block: rollups of sealed days, and of all other days their readings.

A day's rollup is used where it tells exactly what the day's readings would: where the day lies in
the window, has no readings in the head, was sealed with the same lookback, and has what the query
needs. What a day added to a counter follows from the days before as well: it is used where these
have no readings in the head either, and were decided by the same rules.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from history.arrays import Ints, Samples
from history.buckets import DAY
from history.merge import merged
from history.relational.backend import backend
from history.relational.block_counters import BlockCounters
from history.relational.chunks import decoded_chunks
from history.relational.increments import States
from history.relational.rollup_series import QuarterHours, RollupSeries
from history.relational.rollups import (
    LARGEST_SUMMED,
    QUARTER,
    QUARTERS_A_DAY,
    DayRollups,
    Rollups,
    decoded_shape,
    rolled_up,
)
from history.series import BucketedSeries
from history.steps import Steps
from history.store import HistoryStore, SeriesQuery

# With more days than this for each one that has a rollup, the readings are as fast.
_EMPTY_DAYS = 6
# QuarterHours that are remembered: a quarter of a megabyte each for a month.
_REMEMBERED = 8
_LONG_AGO = -(2**62)  # before any instant, and far from overflowing
_NOTHING = Samples.empty()
_NO_FLOATS = np.empty(0)
_COLUMNS = 9  # of a row of rollups

Flags = NDArray[np.bool_]
Part = tuple[SeriesQuery, DayRollups, Samples]


def may_tell(edges: Ints) -> bool:
    """Whether rollups may tell anything of buckets: they have quarter hours, and whole days."""
    start, end = edges[[0, -1]].tolist()
    return end // DAY > -(-start // DAY) and not (edges[1:-1] % QUARTER).any()


class BlockReader:
    """Reads the series of one block of Metrics, which `may_tell`."""

    def __init__(
        self, queries: Sequence[SeriesQuery], edges: Ints, known_until: int, store: HistoryStore
    ) -> None:
        self._queries = queries
        self._edges = edges
        self._known_until = known_until
        self._store = store
        self._ids = np.array([query.metric_id for query in queries])
        self._start, self._end = edges[[0, -1]].tolist()
        self._first, self._last = self._start // DAY, (self._end - 1) // DAY
        self._days = self._last + 1 - self._first
        self._offset = (self._start - self._first * DAY) // QUARTER
        self._quarter_hours: dict[object, QuarterHours] = {}

    def read(self) -> Iterator[tuple[int, BucketedSeries]]:
        """The series of each Metric; they are decoded one after the other."""
        self._counters = BlockCounters(self._queries, self._first, self._end, self._store)
        # The head before chunks: what is sealed in between is then seen twice, never missed. What
        # counters add is decided from the beginning of a day.
        since = self._first * DAY if self._counters.rules else self._start
        self._head = backend().select(self._ids.tolist(), since, self._end)
        self._fetch_rollups()
        rollups, others = self._chosen()
        samples = self._samples(rollups, others)
        computed = self._computed(rollups, samples)
        days = [replace(kept, computed=new) for kept, new in zip(rollups, computed, strict=True)]
        steps = self._steps(rollups, samples)
        yield from self._series_of(list(zip(self._queries, days, samples, strict=True)), steps)

    def _fetch_rollups(self) -> None:
        extremes = any(query.extremes for query in self._queries)
        counting = bool(self._counters.rules)
        window = self._ids.tolist(), self._first, self._last
        found = backend().rollups(*window, extremes=extremes, counting=counting)
        self._columns: Sequence[Sequence[Any]] = list(zip(*found, strict=True)) or [()] * _COLUMNS
        order = np.argsort(self._ids)
        ids, self._numbers, self._lookbacks = (np.array(c, np.int64) for c in self._columns[:3])
        self._places = order[np.searchsorted(self._ids, ids, sorter=order)]
        self._states = States(self._columns[-1])
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
            kept: Any = [[column[row] for row in some] for column in self._columns[3:-1]]
            chosen.append(DayRollups(self._days, self._offset, places, some, *kept))
        return chosen, ~applicable

    def _applicable(self) -> Flags:
        begins = self._numbers * DAY
        inside = (self._start <= begins) & (begins + DAY <= min(self._end, self._known_until))
        lookbacks = np.array([query.lookback for query in self._queries])[self._places]
        applicable = self._fitting() & inside & (self._lookbacks == lookbacks)
        applicable &= ~np.isin(self._keys, self._touched())
        counts = np.bincount(self._places[applicable], minlength=self._ids.size)
        too_few = counts * _EMPTY_DAYS < self._days
        return applicable & ~too_few[self._places]

    def _fitting(self) -> Flags:
        """Which rollups there are that have what is needed."""
        shapes, means, increments = (self._columns[column] for column in (3, 4, 7))
        needs = np.array([query.needs for query in self._queries])[self._places]
        averaged = np.array([each is not None for each in means], bool)
        counted = np.array([each is not None for each in increments], bool) & self._decided()
        fitting = np.array([each is not None for each in shapes], bool)
        return fitting & (averaged | (needs != "mean")) & (counted | (needs != "increase"))

    def _decided(self) -> Flags:
        """Which days' additions to counters are right still."""
        if not self._counters.rules:
            return np.zeros(self._numbers.size, bool)
        rules = [query.rules for query in self._queries]
        rewritten = np.array([self._rewritten(query) for query in self._queries], np.int64)
        follow = self._states.follow([rules[place] for place in self._places.tolist()])
        return follow & (self._numbers < rewritten[self._places])

    def _rewritten(self, query: SeriesQuery) -> int:
        """The first day at or behind which the head has readings of a counter; else any."""
        if query.metric_id not in self._counters.rules:
            return self._first
        oldest = self._counters.rewritten(query.metric_id)
        head = self._head.get(query.metric_id, _NOTHING)
        return min(oldest, int(head.timestamps[0]) // DAY) if len(head) else oldest

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
        head = self._head
        if apart:
            head = merged(head, backend().neighbours(apart, self._start, self._end))
        ids, numbers = self._ids[self._places[others]], self._numbers[others]
        pairs = list(zip(ids.tolist(), numbers.tolist(), strict=True))
        rows = backend().chosen_chunks(pairs) if pairs else []
        rows += backend().chunks_around(apart, self._first, self._last) if apart else []
        found = merged(decoded_chunks(rows), head)
        return [found.get(metric_id, _NOTHING) for metric_id in self._ids.tolist()]

    def _begins_inside(self, query: SeriesQuery, days: DayRollups) -> bool:
        """Whether a reading begins the window, and no counter rises across its edges."""
        if query.needs == "increase" or self._start % QUARTER or 0 not in days.places[:1]:
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

    def _steps(self, rollups: Sequence[DayRollups], samples: Sequence[Samples]) -> dict[int, Steps]:
        """What each counter rose, apart from what rollups tell."""
        found = dict(zip(self._ids.tolist(), samples, strict=True))
        used = {
            query.metric_id: [
                (self._first + place, row)
                for place, row in zip(days.places, days.rows, strict=True)
            ]
            for query, days in zip(self._queries, rollups, strict=True)
            if query.needs == "increase"
        }
        return self._counters.steps(found, used, self._states)

    # Series ---------------------------------------------------------------------------------------

    def _series_of(
        self, parts: Sequence[Part], steps: Mapping[int, Steps]
    ) -> Iterator[tuple[int, BucketedSeries]]:
        """From rollups where there are any, and where sums of what was measured do not overflow."""
        for query, days, samples in parts:
            own = steps.get(query.metric_id, Steps.none())
            if not days.places:
                yield query.metric_id, query.series_of(samples, self._edges, self._known_until, own)
            elif self._is_exact(query, samples):
                yield query.metric_id, self._rollup_series(query, days, samples, own)
            else:
                yield from self._store.series_of_readings(
                    [query], self._edges, known_until=self._known_until
                )

    def _is_exact(self, query: SeriesQuery, samples: Samples) -> bool:
        """Whether rollups tell exactly."""
        inside = samples.within(self._start, self._end)
        is_safe = not len(inside) or np.abs(inside.values).max() <= LARGEST_SUMMED
        return query.needs != "mean" or bool(is_safe)

    def _rollup_series(
        self, query: SeriesQuery, days: DayRollups, samples: Samples, steps: Steps
    ) -> RollupSeries:
        low, high = np.searchsorted(samples.timestamps, (self._start, self._end))
        before, behind = samples.between(0, low), samples.between(high, len(samples))
        since = int(before.timestamps[-1]) if len(before) else _LONG_AGO
        hours = self._hours(query, days, since)
        increments = days.increase(steps, hours.cuts) if query.needs == "increase" else _NO_FLOATS
        return RollupSeries(hours, days, before, behind, increments, steps)

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

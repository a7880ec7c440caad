"""Quarter hours of sealed days as they are kept, and of all other days from their readings.

A day's summary is used where it tells exactly what the day's readings would: where the day lies in
the window, has no hot rows, was sealed with the same `hold`, and has the columns that are wanted.
The rise of a counter is told from summaries only where every step is a plausible rise, from the
reading before the window to the one behind it: resets and glitches need the readings around them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from metrics.history.arrays import Ints, Samples
from metrics.history.base import NEIGHBOURS_BEFORE, Wanted
from metrics.history.buckets import DAY
from metrics.history.database import database
from metrics.history.overlay import overlay
from metrics.history.packs import reading, rows
from metrics.history.packs.codec import LARGEST_SUMMED, Grid, Layout, heads_of
from metrics.history.quarters import QUARTER, QUARTERS_A_DAY, Quarters, cells_of, is_rise, steepest

# What lies in more days than this for each one that has readings is told sooner from the readings.
_EMPTY_DAYS = 6
# Rounding must not let a rise pass that is just beyond the limit.
_JUST_BELOW = 1 - 1e-12
_NOTHING = Samples.empty()

Answer = Quarters | Samples
Chosen = NDArray[np.bool_]


def read_quarters(
    wanted: Sequence[Wanted], start: int, end: int, known_until: int
) -> dict[int, Answer]:
    """What the quarter hours of [start, end) come to, or the readings, with neighbours."""
    window = _Window(start, end, known_until)
    ids = np.array([each.metric_id for each in wanted])
    # Hot rows first: what is sealed in between is then seen twice, never missed.
    hot = database().select(ids.tolist(), start, end)
    days = _Days.of(rows.summaries(ids.tolist(), window.first, window.last), ids)
    usable = _usable(days, wanted, window, hot)
    summed = np.bincount(days.places[usable], minlength=ids.size) > 0
    grid = _kept(days, usable, summed, window)
    lonely = ids[~_begin(grid, summed, wanted, window)].tolist()
    readings = _readings(days, usable, lonely, window, hot)
    parts = [
        _Part(
            each, window, reading.trimmed(readings[each.metric_id], start, end, NEIGHBOURS_BEFORE)
        )
        if each.metric_id in readings
        else _Part(each, window)
        for each in wanted
    ]
    return _answers(parts, summed, grid, window)


@dataclass(frozen=True)
class _Window:
    start: int
    end: int
    known_until: int

    @cached_property
    def first(self) -> int:
        return self.start // DAY

    @cached_property
    def last(self) -> int:
        return (self.end - 1) // DAY

    @cached_property
    def days(self) -> int:
        return self.last + 1 - self.first

    @cached_property
    def offset(self) -> int:
        """The first quarter hour, counted from the first day's."""
        return (self.start - self.first * DAY) // QUARTER

    @cached_property
    def edges(self) -> Ints:
        """Of the quarter hours, whole."""
        origin = self.first * DAY
        behind = -((origin - self.end) // QUARTER)
        return origin + QUARTER * np.arange(self.offset, behind + 1)

    def holds(self, days: Ints) -> Chosen:
        """Whether each day lies in the window, and all that its quarter hours tell is known."""
        begins = days * DAY
        return (self.start <= begins) & (begins + DAY <= min(self.end, self.known_until))


@dataclass(frozen=True, slots=True)
class _Days:
    """Sealed days with their summaries; `places` int64[n]: whose they are, an index."""

    kept: rows.Summaries
    places: Ints

    @classmethod
    def of(cls, kept: rows.Summaries, ids: Ints) -> "_Days":
        order = np.argsort(ids)
        return cls(kept, order[np.searchsorted(ids, kept.metric_ids, sorter=order)])

    def keys(self, window: _Window) -> Ints:
        """Each day's place among all days of the window of all Metrics."""
        return self.places * window.days + self.kept.days - window.first


def _usable(
    days: _Days, wanted: Sequence[Wanted], window: _Window, hot: Mapping[int, Samples]
) -> Chosen:
    """Which summaries tell exactly what is wanted."""
    heads = heads_of(days.kept.quarters)
    rising = np.array([each.what == "rise" for each in wanted])
    fitting = _fitting(heads, wanted, days.places, rising)
    holds = np.array([each.hold for each in wanted])[days.places]
    usable = fitting & (days.kept.holds == holds) & window.holds(days.kept.days)
    if hot:
        touched = [
            np.unique(hot[each.metric_id].timestamps // DAY) - window.first + place * window.days
            for place, each in enumerate(wanted)
            if each.metric_id in hot
        ]
        usable &= ~np.isin(days.keys(window), np.concatenate(touched))
    # One day that may spoil the rise of all is enough to need all readings.
    spoilt = days.places[(heads["layout"] != 0) & ~fitting]
    falls = rising & (np.bincount(spoilt, minlength=rising.size) > 0)
    counts = np.bincount(days.places[usable], minlength=rising.size)
    return usable & ~(falls | (counts * _EMPTY_DAYS < window.days))[days.places]


def _fitting(
    heads: NDArray[np.void], wanted: Sequence[Wanted], places: Ints, rising: Chosen
) -> Chosen:
    """Which summaries have the columns that are wanted."""
    layouts = heads["layout"]
    averaged = np.array([each.what == "mean" for each in wanted])
    limits = np.array([np.inf if each.max_rate is None else each.max_rate for each in wanted])
    steady = (layouts == Layout.RISING) & (heads["rise"] <= limits[places] * _JUST_BELOW)
    measured = np.where(averaged[places], layouts == Layout.MEASURED, layouts != 0)
    return np.where(rising[places], steady, measured)


def _kept(days: _Days, usable: Chosen, summed: Chosen, window: _Window) -> Grid:
    """The days of the Metrics that are `summed`, one Metric after the other, as they are kept."""
    grid = Grid.empty(int(summed.sum()) * window.days)
    ranks = (np.cumsum(summed) - 1)[days.places]
    places = ranks * window.days + days.kept.days - window.first
    quarters = days.kept.quarters
    grid.open(places[usable], [quarters[each] for each in np.flatnonzero(usable).tolist()])
    return grid


def _begin(grid: Grid, summed: Chosen, wanted: Sequence[Wanted], window: _Window) -> Chosen:
    """Of which Metrics nothing around the window is needed: a reading begins it."""
    begun = np.zeros(summed.size, bool)
    if window.start % QUARTER == 0:
        counts, firsts = grid.shape[:: window.days, :2, window.offset].T
        begun[summed] = (counts > 0) & (firsts == 0)
    return begun & np.array([each.what != "rise" for each in wanted])


def _readings(
    days: _Days, usable: Chosen, lonely: list[int], window: _Window, hot: Mapping[int, Samples]
) -> dict[int, Samples]:
    """The readings of the days that are not `usable`, and around the window of the `lonely`."""
    kept, unused = days.kept, ~usable
    pairs = list(zip(kept.metric_ids[unused].tolist(), kept.days[unused].tolist(), strict=True))
    if lonely:
        hot = overlay(hot, database().neighbours(lonely, window.start, window.end))
        pairs += rows.nearest(lonely, window.first, window.last)
    return overlay(reading.joined(rows.chosen(pairs)), hot)


def _answers(
    parts: Sequence["_Part"], summed: Chosen, grid: Grid, window: _Window
) -> dict[int, Answer]:
    told = [part for part, is_summed in zip(parts, summed.tolist(), strict=True) if is_summed]
    _put(told, grid, window)
    grids = grid.split(window.days)
    answers = {
        part.wanted.metric_id: part.answer(next(grids)) if is_summed else part.samples
        for part, is_summed in zip(parts, summed.tolist(), strict=True)
    }
    inexact = [metric_id for metric_id, answer in answers.items() if answer is None]
    again = reading.read(inexact, window.start, window.end, with_neighbours=True) if inexact else {}
    return {
        metric_id: again.get(metric_id, _NOTHING) if answer is None else answer
        for metric_id, answer in answers.items()
    }


@dataclass(frozen=True, slots=True)
class _Part:
    """One Metric's part of an answer.

    `samples`: the readings in the window of those days that were read, and the nearest around it.
    """

    wanted: Wanted
    window: _Window
    samples: Samples = _NOTHING

    @property
    def inside(self) -> Samples:
        """The readings in the window, of the days that were read."""
        return self.samples.within(self.window.start, self.window.end)

    def answer(self, grid: Grid) -> Answer | None:
        """The quarter hours of all days; None where they would not tell exactly."""
        inside = self.inside
        if len(inside) and np.abs(inside.values).max() > LARGEST_SUMMED:
            return None
        split = int(np.searchsorted(self.samples.timestamps, self.window.start))
        before = self.samples.between(0, split)
        behind = self.samples.between(split + len(inside), len(self.samples))
        if self.wanted.what == "rise" and not self._rises(grid, before, inside, behind):
            return None
        return Quarters(
            window=(self.window.start, self.window.end),
            begins=self.window.edges,
            offset=self.window.offset,
            shape=grid.shape,
            columns=grid.columns,
            before=before,
            behind=behind,
            hold=self.wanted.hold,
            known_until=self.window.known_until,
        )

    def _rises(self, grid: Grid, before: Samples, inside: Samples, behind: Samples) -> bool:
        """Whether every step is a plausible rise: inside the days, between them, and around."""
        limit = np.inf if self.wanted.max_rate is None else self.wanted.max_rate
        days = np.unique(inside.timestamps // DAY, return_inverse=True)[1]
        rates = steepest(days, inside.timestamps, inside.values, len(inside))
        if not (np.isfinite(rates) & (rates <= limit * _JUST_BELOW)).all():
            return False
        counted = grid.shape[:, 0] > 0
        filled = np.flatnonzero(counted.any(axis=1))
        early = counted.argmax(axis=1)[filled]
        late = QUARTERS_A_DAY - 1 - counted[:, ::-1].argmax(axis=1)[filled]
        begins = (filled + self.window.first) * DAY
        first = begins + early * QUARTER + grid.shape[filled, 1, early]
        last = begins + late * QUARTER + grid.shape[filled, 2, late]
        opening = grid.columns[filled, 0, early], grid.columns[filled, 1, late]
        return is_rise(
            np.concatenate((before.timestamps, last, behind.timestamps))[:-1],
            np.concatenate((before.values, opening[1], behind.values))[:-1],
            np.concatenate((before.timestamps, first, behind.timestamps))[1:],
            np.concatenate((before.values, opening[0], behind.values))[1:],
            self.wanted.max_rate,
        )


def _put(parts: Sequence[_Part], grid: Grid, window: _Window) -> None:
    """Put the days that were read in their places among those that are kept."""
    insides = [part.inside for part in parts]
    sizes = [len(inside) for inside in insides]
    if not any(sizes):
        return
    timestamps = np.concatenate([inside.timestamps for inside in insides])
    begins = (np.arange(len(parts)) * window.days - window.first) * QUARTERS_A_DAY
    cells = cells_of(
        timestamps // QUARTER + np.repeat(begins, sizes),
        timestamps,
        np.concatenate([inside.values for inside in insides]),
        hold=np.repeat([part.wanted.hold for part in parts], sizes),
        until=min(window.end, window.known_until),
    )
    grid.put(cells)

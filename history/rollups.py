"""What the quarter hours of a window come to in its buckets. Pure.

The aggregates have the meaning of those in `history.aggregates`, for buckets of the window
whose inner edges are whole quarter hours. Floats may differ by rounding only.
"""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from history.arrays import Floats, Ints, Samples
from history.buckets import DAY
from history.quarter_hours import QUARTER

LONG_AGO = -(2**62)  # before any instant, and far from overflowing


class Runs(NamedTuple):
    """Buckets as runs of quarter hours.

    `offsets` int64[n]: the first quarter hour of each bucket; `closing` int64[n]: the last one with
    readings up to its end, −1 where there is none; `known` float64[n]: for how many microseconds a
    value is known in it, NaN for none; `coverage` float64[n]: the share of it, 0 to 1; `owners`:
    the bucket of each quarter hour.
    """

    edges: Ints
    offsets: Ints
    closing: Ints
    known: Floats
    coverage: Floats
    owners: Ints

    def reduced(self, combine: np.ufunc, numbers: Floats) -> Floats:
        """The numbers of each bucket's quarter hours combined."""
        if self.offsets.size == self.owners.size:
            return numbers
        return combine.reduceat(numbers, self.offsets)


@dataclass(eq=False)
class Clock:
    """When the readings of a window were measured; Metrics that were measured alike share one.

    `begins` int64[n + 1]: where all quarter hours that the window touches begin and the last one
    ends. `counts`; `firsts` and `lasts` as offsets in the quarter hour; `known`: int64[n] as in
    Cells; those without readings count 0 and know nothing. `since`: when the last reading before
    the window was measured, where it matters. A value is held for at most `hold` microseconds, and
    nothing is known of the time after `known_until`.
    """

    window: tuple[int, int]
    begins: Ints
    counts: Ints
    firsts: Ints
    lasts: Ints
    known: Ints
    since: int
    hold: int
    known_until: int
    _runs: Runs | None = field(default=None, init=False)

    def __len__(self) -> int:
        return self.begins.size - 1

    def runs(self, edges: Ints) -> Runs:
        """The buckets between `edges`, which for one Metric after another are the same."""
        if self._runs is None or self._runs.edges is not edges:
            self._runs = self._divided(edges)
        return self._runs

    def _divided(self, edges: Ints) -> Runs:
        offsets = (edges[:-1] - self.begins[0]) // QUARTER
        ends = np.append(offsets[1:], len(self))
        known = self.known if self.are_begun else self.known + self.held
        known = np.add.reduceat(known, offsets)
        return Runs(
            edges=edges,
            offsets=offsets,
            closing=self.filled[ends - 1],
            known=np.where(known > 0, known, np.nan),
            coverage=known / np.diff(edges),
            owners=np.repeat(np.arange(offsets.size), ends - offsets),
        )

    @cached_property
    def are_filled(self) -> bool:
        """Whether each quarter hour has readings."""
        return bool(self.counts.all())

    @cached_property
    def are_begun(self) -> bool:
        """Whether a reading begins each, so that none is held into it."""
        return self.are_filled and not self.firsts.any()

    @cached_property
    def filled(self) -> Ints:
        """For each quarter hour the last one with readings up to it; −1 where there is none."""
        places = np.arange(len(self))
        if self.are_filled:
            return places
        return np.maximum.accumulate(np.where(self.counts > 0, places, -1))

    @cached_property
    def sources(self) -> Ints:
        """For each quarter hour the last one with readings before it; −1 where there is none."""
        return np.append(-1, self.filled[:-1])

    @cached_property
    def held(self) -> Ints:
        """For how long a value is held into each quarter hour before its first reading."""
        edges = self.begins.copy()
        edges[0], edges[-1] = self.window
        # The last entry stands for the time before the first quarter hour.
        since = np.append(self.begins[:-1] + self.lasts, self.since)[self.sources]
        stops = np.where(self.counts > 0, self.begins[:-1] + self.firsts, edges[1:])
        stops = np.minimum(np.minimum(stops, since + self.hold), self.known_until)
        return np.maximum(stops - edges[:-1], 0)

    @cached_property
    def turns(self) -> Ints:
        """When the first and the last reading of each quarter hour with readings was measured."""
        return _paired(self.begins[:-1] + self.firsts, self.begins[:-1] + self.lasts, self)

    @cached_property
    def days(self) -> tuple[Ints, Ints]:
        """The first and the last quarter hour with readings of each UTC day that has any."""
        filled = np.flatnonzero(self.counts)
        days = self.begins[filled] // DAY
        changes = np.diff(days) != 0
        return filled[np.append(True, changes)], filled[np.append(changes, True)]


class Columns(Protocol):
    """The values of the quarter hours of some days, decoded when they are asked for."""

    def lows_and_highs(self) -> Floats:
        """float64[days, 2, 96]."""

    def lasts(self) -> Floats:
        """float64[days, 96]."""

    def means(self) -> Floats:
        """float64[days, 96]."""


@dataclass(frozen=True)
class Quarters:
    """All quarter hours that a window touches, one after the other, of one Metric.

    `columns`: the values of those of whole days, the first of the window being number `offset`;
    those are there that were asked for. `before` and `behind`: the nearest readings outside the
    window, where they matter.
    """

    clock: Clock
    offset: int
    columns: Columns
    before: Samples
    behind: Samples

    def _inside(self, column: Floats) -> Floats:
        return column.reshape(-1)[self.offset : self.offset + len(self.clock)]

    @cached_property
    def _extremes(self) -> Floats:
        return self.columns.lows_and_highs()

    @cached_property
    def low(self) -> Floats:
        """As in Cells, like those that follow."""
        return self._inside(self._extremes[:, 0])

    @cached_property
    def high(self) -> Floats:
        return self._inside(self._extremes[:, 1])

    @cached_property
    def last(self) -> Floats:
        return self._inside(self.columns.lasts())

    @cached_property
    def mean(self) -> Floats:
        return self._inside(self.columns.means())

    @cached_property
    def carried(self) -> Floats:
        """The value that is held into each quarter hour before its first reading."""
        # The last entry stands for the time before the first quarter hour.
        before = self.before.values[-1] if len(self.before) else 0.0
        return np.append(self.last, before)[self.clock.sources]


def minimum(quarters: Quarters, edges: Ints) -> Floats:
    """The least value measured in each bucket."""
    return _extreme(quarters.clock, edges, quarters.low, np.minimum, np.inf)


def maximum(quarters: Quarters, edges: Ints) -> Floats:
    """The greatest value measured in each bucket."""
    return _extreme(quarters.clock, edges, quarters.high, np.maximum, -np.inf)


def _extreme(
    clock: Clock, edges: Ints, values: Floats, combine: np.ufunc, nothing: float
) -> Floats:
    runs = clock.runs(edges)
    if clock.are_filled:
        return runs.reduced(combine, values)
    return _finite(runs.reduced(combine, np.where(clock.counts > 0, values, nothing)))


def count(quarters: Quarters, edges: Ints) -> Floats:
    """How many readings were measured in each bucket; NaN, not 0, where none was."""
    clock = quarters.clock
    counted = clock.runs(edges).reduced(np.add, clock.counts.astype(np.float64))
    return np.where(counted > 0, counted, np.nan)


def first(quarters: Quarters, edges: Ints) -> Floats:
    """The first value of a counter that only rose, measured in each bucket."""
    return minimum(quarters, edges)


def last(quarters: Quarters, edges: Ints) -> Floats:
    """The last value measured in each bucket."""
    runs = quarters.clock.runs(edges)
    return np.where(runs.closing >= runs.offsets, quarters.last[runs.closing], np.nan)


def coverage(quarters: Quarters, edges: Ints) -> Floats:
    """The share of each bucket, 0 to 1, for which a value is known; never NaN."""
    return quarters.clock.runs(edges).coverage


def mean(quarters: Quarters, edges: Ints) -> Floats:
    """The time-weighted mean of each bucket over the time for which a value is known."""
    clock, runs = quarters.clock, quarters.clock.runs(edges)
    # Averaging the differences from one of the values keeps constants constant.
    middle = quarters.mean[runs.closing]
    if not clock.are_filled:
        middle = np.where(runs.closing >= 0, middle, quarters.carried[runs.offsets])
    middles = middle[runs.owners]
    parts = clock.known * (quarters.mean - middles)
    if not clock.are_begun:
        parts += clock.held * (quarters.carried - middles)
    return middle + runs.reduced(np.add, parts) / runs.known


def increase(quarters: Quarters, edges: Ints) -> Floats:
    """How far a counter rose in each bucket; NaN where no step between readings is known.

    Only for a counter all of whose steps are plausible rises.
    """
    before, behind, clock = quarters.before, quarters.behind, quarters.clock
    timestamps = np.concatenate((before.timestamps, clock.turns, behind.timestamps))
    if not timestamps.size:
        return np.full(edges.size - 1, np.nan)
    turns = _paired(quarters.low, quarters.high, clock)
    values = np.concatenate((before.values, turns, behind.values))
    origin = edges[0]
    # Interpolating on both sides of its own base keeps what a large counter gains exact.
    risen = np.diff(np.interp(edges - origin, timestamps - origin, values - values[0]))
    known = np.diff(np.clip(edges, timestamps[0], timestamps[-1]))
    return _finite(np.where(known > 0, np.maximum(risen, 0), np.nan))


def rises(quarters: Quarters, max_rate: float | None) -> bool:
    """Whether every step of a counter between its days, and around them, is a plausible rise.

    `max_rate`: how much it gains in a microsecond at most, if known.
    """
    before, behind, clock = quarters.before, quarters.behind, quarters.clock
    early, late = clock.days
    begins, ends = clock.begins[early] + clock.firsts[early], clock.begins[late] + clock.lasts[late]
    since = np.concatenate((before.timestamps, ends, behind.timestamps))[:-1]
    until = np.concatenate((before.timestamps, begins, behind.timestamps))[1:]
    old = np.concatenate((before.values, quarters.high[late], behind.values))[:-1]
    new = np.concatenate((before.values, quarters.low[early], behind.values))[1:]
    steps = new - old
    limits = np.inf if max_rate is None else max_rate * (until - since)
    return bool(((steps >= 0) & np.isfinite(steps) & (steps <= limits)).all())


def _paired(opening: NDArray[Any], closing: NDArray[Any], clock: Clock) -> NDArray[Any]:
    """Alternately what opens and closes each quarter hour with readings."""
    pairs = np.column_stack((opening, closing))
    return (pairs if clock.are_filled else pairs[clock.counts > 0]).ravel()


def _finite(results: Floats) -> Floats:
    return np.where(np.isfinite(results), results, np.nan)

"""One Metric's quarter hours, put together from the summaries that are kept and from readings."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from history.arrays import Floats, Ints, Samples
from history.buckets import DAY
from history.quarter_hours import QUARTER, QUARTERS_A_DAY, Cells, cells_of, steepest
from history.relational.rollups import LARGEST_SUMMED, Kept
from history.rollups import LONG_AGO, Clock, Quarters, rises
from history.store import Wanted

# Rounding must not let a rise pass that is just beyond the limit.
JUST_BELOW = 1 - 1e-12
NOTHING = Samples.empty()
# Clocks that are remembered: a quarter of a megabyte each for a month.
_CLOCKS = 8

Chosen = NDArray[np.bool_]
Clocks = dict[object, Clock]


@dataclass(frozen=True)
class Window:
    """The window [start, end); nothing is known of the time after `known_until`."""

    start: int
    end: int
    known_until: int

    @cached_property
    def first(self) -> int:
        """The first UTC day that it touches."""
        return self.start // DAY

    @cached_property
    def last(self) -> int:
        """The last one."""
        return (self.end - 1) // DAY

    @cached_property
    def days(self) -> int:
        """How many it touches."""
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
class _Columns:
    """The values of the days that are kept, decoded, and of the cells of others."""

    kept: Kept
    cells: Cells | None
    days: int

    def lows_and_highs(self) -> Floats:
        """As in `history.rollups.Columns`, like those that follow."""
        columns = self.kept.lows_and_highs(self.days)
        if self.cells:
            _put(columns, self.cells, (self.cells.low, self.cells.high))
        return columns

    def lasts(self) -> Floats:
        column = self.kept.lasts(self.days)
        if self.cells:
            _put(column[:, np.newaxis], self.cells, (self.cells.last,))
        return column

    def means(self) -> Floats:
        column = self.kept.means(self.days)
        if self.cells:
            _put(column[:, np.newaxis], self.cells, (self.cells.mean,))
        return column


@dataclass(frozen=True, slots=True)
class Part:
    """One Metric's part of an answer.

    `kept`: the days that are summed; `samples`: the readings in the window of the other days, and
    the nearest around it; `inside`: of a Metric that has days summed, those in the window, and
    `cells` what they come to, keyed by quarter hour from the first day on.
    """

    window: Window
    wanted: Wanted
    kept: Kept
    samples: Samples
    inside: Samples
    cells: Cells | None

    @property
    def is_summed(self) -> bool:
        """Whether any day is."""
        return bool(self.kept.summaries)

    @property
    def may_rise(self) -> bool:
        """Whether it is to tell how far a counter rose."""
        return self.is_summed and self.wanted.what == "rise"

    def is_exact(self, rising: Quarters | None) -> bool:
        """Whether its quarter hours tell exactly; `rising` are those of one that may rise."""
        if len(self.inside) and np.abs(self.inside.values).max() > LARGEST_SUMMED:
            return False
        return rising is None or (self._rises_inside() and rises(rising, self.wanted.max_rate))

    def _rises_inside(self) -> bool:
        """Whether every step between readings of the same day is a plausible rise."""
        inside = self.inside
        if not len(inside):
            return True
        limit = np.inf if self.wanted.max_rate is None else self.wanted.max_rate
        days = np.unique(inside.timestamps // DAY, return_inverse=True)[1]
        rates = steepest(days, inside.timestamps, inside.values, len(inside))
        return bool((np.isfinite(rates) & (rates <= limit * JUST_BELOW)).all())

    def quarters(self, clocks: Clocks) -> Quarters:
        """Those of all days, with one of the `clocks` that are known, or a new one."""
        split = int(np.searchsorted(self.samples.timestamps, self.window.start))
        before = self.samples.between(0, split)
        return Quarters(
            clock=self._clock(clocks, int(before.timestamps[-1]) if len(before) else LONG_AGO),
            offset=self.window.offset,
            columns=_Columns(self.kept, self.cells, self.window.days),
            before=before,
            behind=self.samples.between(split + len(self.inside), len(self.samples)),
        )

    def _clock(self, clocks: Clocks, since: int) -> Clock:
        read = () if self.cells is None else (self.cells.keys, *self.cells.shape)
        moments = (*self.kept.moments, *(numbers.tobytes() for numbers in read))
        key = (moments, since, self.wanted.hold)
        if key not in clocks:
            if len(clocks) == _CLOCKS:
                clocks.clear()
            clocks[key] = self._new_clock(since)
        return clocks[key]

    def _new_clock(self, since: int) -> Clock:
        shape = self.kept.shape(self.window.days)
        if self.cells:
            _put(shape, self.cells, self.cells.shape)
        begins, offset = self.window.edges, self.window.offset
        rows = shape.swapaxes(0, 1).reshape(4, -1)[:, offset : offset + begins.size - 1]
        return Clock(
            window=(self.window.start, self.window.end),
            begins=begins,
            counts=rows[0],
            firsts=rows[1],
            lasts=rows[2],
            known=rows[3],
            since=since,
            hold=self.wanted.hold,
            known_until=self.window.known_until,
        )


def parts_of(
    wanted: Sequence[Wanted], kept: Sequence[Kept], samples: Sequence[Samples], window: Window
) -> list[Part]:
    """The part of each Metric."""
    insides = [
        found.within(window.start, window.end) if days.summaries and len(found) else NOTHING
        for days, found in zip(kept, samples, strict=True)
    ]
    cells = _cells(wanted, insides, window)
    columns = zip(wanted, kept, samples, insides, cells, strict=True)
    return [Part(window, *each) for each in columns]


def _cells(
    wanted: Sequence[Wanted], insides: Sequence[Samples], window: Window
) -> list[Cells | None]:
    """What the readings of each Metric that has any come to."""
    sizes = [len(inside) for inside in insides]
    if not any(sizes):
        return [None] * len(wanted)
    begins = np.arange(len(wanted) + 1) * window.days * QUARTERS_A_DAY
    first = window.first * QUARTERS_A_DAY
    timestamps = np.concatenate([inside.timestamps for inside in insides])
    cells = cells_of(
        timestamps // QUARTER + np.repeat(begins[:-1] - first, sizes),
        timestamps,
        np.concatenate([inside.values for inside in insides]),
        hold=np.repeat([each.hold for each in wanted], sizes),
        until=min(window.end, window.known_until),
    )
    bounds = pairwise(np.searchsorted(cells.keys, begins).tolist())
    cells = replace(cells, keys=cells.keys % begins[1])
    return [cells.between(low, high) if low < high else None for low, high in bounds]


def _put(grid: NDArray[Any], cells: Cells, numbers: Sequence[NDArray[Any]]) -> None:
    """Put numbers of cells in their places in [days, len(numbers), 96]."""
    days, quarters = np.divmod(cells.keys, QUARTERS_A_DAY)
    grid[days, :, quarters] = np.column_stack(numbers)

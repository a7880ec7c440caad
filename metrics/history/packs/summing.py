"""Quarter hours of sealed days as they are kept, and of all other days from their readings.

A day's summary is used where it tells exactly what the day's readings would: where the day lies in
the window, has no hot rows, was sealed with the same `hold`, and has the columns that are wanted.
The rise of a counter is told from summaries only where every step is a plausible rise, from the
reading before the window to the one behind it: resets and glitches need the readings around them.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from metrics.history.arrays import Samples
from metrics.history.base import NEIGHBOURS_BEFORE, Wanted
from metrics.history.buckets import DAY
from metrics.history.overlay import overlay
from metrics.history.packs import reading, rows
from metrics.history.packs.codec import LARGEST_SUMMED, Grid, Layout, head_of
from metrics.history.packs.rows import Pair, Summary
from metrics.history.quarters import QUARTER, QUARTERS_A_DAY, Quarters, cells_of, is_rise, steepest

# What lies in more days than this for each one that has readings is told sooner from the readings.
_EMPTY_DAYS = 6
# Rounding must not let a rise pass that is just beyond the limit.
_JUST_BELOW = 1 - 1e-12
_NOTHING = Samples.empty()

Answer = Quarters | Samples


def read_quarters(
    wanted: Sequence[Wanted], start: int, end: int, known_until: int
) -> dict[int, Answer]:
    """What the quarter hours of [start, end) come to, or the readings, with neighbours."""
    window = _Window(start, end, known_until)
    ids = [each.metric_id for each in wanted]
    hot = reading.hot_rows(ids, start, end, with_neighbours=True)
    summaries: dict[int, list[Summary]] = defaultdict(list)
    for summary in rows.summaries(ids, window.first, window.last):
        summaries[summary.metric_id].append(summary)
    parts = [
        _Part.of(each, window, summaries[each.metric_id], hot.get(each.metric_id, _NOTHING))
        for each in wanted
    ]
    pairs = rows.nearest(ids, window.first, window.last)
    pairs += [pair for part in parts for pair in part.to_read]
    readings = overlay(reading.joined(rows.chosen(pairs)), hot)
    answers = {
        part.wanted.metric_id: part.answer(readings.get(part.wanted.metric_id, _NOTHING))
        for part in parts
    }
    inexact = [metric_id for metric_id, answer in answers.items() if answer is None]
    again = reading.read(inexact, start, end, with_neighbours=True) if inexact else {}
    return {
        metric_id: again.get(metric_id, _NOTHING) if answer is None else answer
        for metric_id, answer in answers.items()
    }


@dataclass(frozen=True, slots=True)
class _Window:
    start: int
    end: int
    known_until: int

    @property
    def first(self) -> int:
        return self.start // DAY

    @property
    def last(self) -> int:
        return (self.end - 1) // DAY

    def holds(self, day: int) -> bool:
        """Whether a day lies in the window, and all that its quarter hours tell is known."""
        begin = day * DAY
        return self.start <= begin and begin + DAY <= min(self.end, self.known_until)


@dataclass(frozen=True, slots=True)
class _Part:
    """One Metric's part of an answer: `usable` summaries, and days that are `to_read`."""

    wanted: Wanted
    window: _Window
    usable: list[Summary]
    to_read: list[Pair]

    @classmethod
    def of(cls, wanted: Wanted, window: _Window, summaries: list[Summary], hot: Samples) -> "_Part":
        """Choose for each day."""
        touched = set((hot.timestamps // DAY).tolist())
        usable = [
            summary
            for summary in summaries
            if summary.day not in touched
            and summary.hold == wanted.hold
            and window.holds(summary.day)
            and _has_columns(summary, wanted)
        ]
        days = window.last + 1 - window.first
        if len(usable) * _EMPTY_DAYS < days or _may_fall(summaries, wanted):
            usable = []
        used = {summary.day for summary in usable}
        rest = [(s.metric_id, s.day) for s in summaries if s.day not in used]
        return cls(wanted, window, usable, rest)

    def answer(self, readings: Samples) -> Answer | None:
        """The quarter hours; `readings` has those of the other days and around the window.

        None where the quarter hours would not tell exactly.
        """
        start, end = self.window.start, self.window.end
        around = reading.trimmed(readings, start, end, NEIGHBOURS_BEFORE)
        if not self.usable:
            return around
        inside = around.within(start, end)
        if len(inside) and np.abs(inside.values).max() > LARGEST_SUMMED:
            return None
        split = int(np.searchsorted(around.timestamps, start))
        before = Samples(around.timestamps[:split], around.values[:split])
        split += len(inside)
        behind = Samples(around.timestamps[split:], around.values[split:])
        grid = self._grid(inside)
        if self.wanted.what == "rise" and not self._rises(grid, before, inside, behind):
            return None
        return self._quarters(grid, before, behind)

    def _grid(self, inside: Samples) -> Grid:
        grid = Grid.empty(self.window.last + 1 - self.window.first)
        grid.open(
            [summary.day - self.window.first for summary in self.usable],
            [summary.quarters for summary in self.usable],
        )
        if len(inside):
            keys = inside.timestamps // QUARTER - self.window.first * QUARTERS_A_DAY
            until = min(self.window.end, self.window.known_until)
            grid.put(
                cells_of(keys, inside.timestamps, inside.values, hold=self.wanted.hold, until=until)
            )
        return grid

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

    def _quarters(self, grid: Grid, before: Samples, behind: Samples) -> Quarters:
        origin = self.window.first * DAY
        low = (self.window.start - origin) // QUARTER
        high = -((origin - self.window.end) // QUARTER)
        counts, firsts, lasts, known = grid.shape.transpose(1, 0, 2).reshape(4, -1)[:, low:high]
        columns = grid.columns.transpose(1, 0, 2).reshape(4, -1)[:, low:high]
        edges = origin + QUARTER * np.arange(low, high + 1)
        begins = edges[:-1].copy()
        edges[0], edges[-1] = self.window.start, self.window.end
        return Quarters(
            edges=edges,
            counts=counts,
            firsts=begins + firsts,
            lasts=begins + lasts,
            known=known,
            low=columns[0],
            high=columns[1],
            last=columns[2],
            mean=columns[3],
            before=before,
            behind=behind,
            hold=self.wanted.hold,
            known_until=self.window.known_until,
        )


def _may_fall(summaries: Sequence[Summary], wanted: Wanted) -> bool:
    """Whether one day is known that spoils the rise of all."""
    return wanted.what == "rise" and not all(
        _has_columns(summary, wanted) for summary in summaries if summary.quarters
    )


def _has_columns(summary: Summary, wanted: Wanted) -> bool:
    head = head_of(summary.quarters)
    if wanted.what == "extremes":
        return head.layout != 0
    if wanted.what == "mean":
        return head.layout == Layout.MEASURED
    limit = np.inf if wanted.max_rate is None else wanted.max_rate
    return head.layout == Layout.RISING and head.steepest <= limit * _JUST_BELOW

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
    for part in parts:
        part.take(readings.get(part.wanted.metric_id, _NOTHING))
    answers: dict[int, Answer | None] = {
        part.wanted.metric_id: part.samples for part in parts if not part.usable
    }
    summed = [part for part in parts if part.usable]
    grid = _grid(summed, window)
    for part, days in zip(summed, grid.split(window.days), strict=True):
        answers[part.wanted.metric_id] = part.answer(days)
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

    @property
    def days(self) -> int:
        return self.last + 1 - self.first

    def holds(self, day: int) -> bool:
        """Whether a day lies in the window, and all that its quarter hours tell is known."""
        begin = day * DAY
        return self.start <= begin and begin + DAY <= min(self.end, self.known_until)


@dataclass(slots=True)
class _Part:
    """One Metric's part of an answer: `usable` summaries, and days that are `to_read`.

    `samples`: the readings of those days inside the window, and the nearest ones around it.
    """

    wanted: Wanted
    window: _Window
    usable: list[Summary]
    to_read: list[Pair]
    samples: Samples = _NOTHING

    @classmethod
    def of(cls, wanted: Wanted, window: _Window, summaries: list[Summary], hot: Samples) -> "_Part":
        """Choose for each day."""
        touched = set((hot.timestamps // DAY).tolist())
        fitting = [summary for summary in summaries if _has_columns(summary, wanted)]
        usable = [
            summary
            for summary in fitting
            if summary.day not in touched
            and summary.hold == wanted.hold
            and window.holds(summary.day)
        ]
        # One day that may spoil the rise of all is enough to need all readings.
        falls = wanted.what == "rise" and len(fitting) < sum(bool(s.quarters) for s in summaries)
        if falls or len(usable) * _EMPTY_DAYS < window.days:
            usable = []
        used = {summary.day for summary in usable}
        rest = [(s.metric_id, s.day) for s in summaries if s.day not in used]
        return cls(wanted, window, usable, rest)

    def take(self, readings: Samples) -> None:
        """Keep what is needed of the readings of all days that were read."""
        window = self.window
        self.samples = reading.trimmed(readings, window.start, window.end, NEIGHBOURS_BEFORE)

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
        return self._quarters(grid, before, behind)

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


def _grid(parts: Sequence[_Part], window: _Window) -> Grid:
    """All days of all parts, one part after the other: as they are kept, or from the readings."""
    grid = Grid.empty(len(parts) * window.days)
    grid.open(
        [
            index * window.days + summary.day - window.first
            for index, part in enumerate(parts)
            for summary in part.usable
        ],
        [summary.quarters for part in parts for summary in part.usable],
    )
    insides = [part.inside for part in parts]
    sizes = [len(inside) for inside in insides]
    if any(sizes):
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
    return grid


def _has_columns(summary: Summary, wanted: Wanted) -> bool:
    layout, rise = head_of(summary.quarters)
    if wanted.what == "extremes":
        return layout != 0
    if wanted.what == "mean":
        return layout == Layout.MEASURED
    limit = np.inf if wanted.max_rate is None else wanted.max_rate
    return layout == Layout.RISING and rise <= limit * _JUST_BELOW

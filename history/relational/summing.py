"""Quarter hours of sealed days as they are kept, and of all other days from their readings.

A day's summary is used where it tells exactly what the day's readings would: where the day lies in
the window, has no hot rows, was sealed with the same `hold`, and has the columns that are wanted.
The rise of a counter is told from summaries only where every step is a plausible rise, from the
reading before the window to the one behind it: resets and glitches need the readings around them.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from history.arrays import Ints, Samples
from history.buckets import DAY
from history.merge import overlay
from history.quarter_hours import QUARTER
from history.relational import chunks, reading
from history.relational.assembly import JUST_BELOW, NOTHING, Chosen, Clocks, Part, Window, parts_of
from history.relational.backend import backend
from history.relational.rollups import Kept, Layout, heads_of, shape_of
from history.rollups import Quarters
from history.store import NEIGHBOURS_BEFORE, Wanted

# What lies in more days than this for each one that has readings is told sooner from the readings.
_EMPTY_DAYS = 6

Answer = Quarters | Samples


def read_quarters(
    wanted: Sequence[Wanted], start: int, end: int, known_until: int
) -> Iterator[tuple[int, Answer]]:
    """What the quarter hours of [start, end) come to, or the readings, with neighbours.

    They are decoded one Metric after the other.
    """
    window = Window(start, end, known_until)
    ids = np.array([each.metric_id for each in wanted])
    # Hot rows first: what is sealed in between is then seen twice, never missed.
    hot = backend().select(ids.tolist(), start, end)
    extremes = any(each.extremes for each in wanted)
    days = _Days.of(chunks.summaries(ids.tolist(), window.first, window.last, extremes), ids)
    usable = _usable(days, wanted, window, hot)
    kept = days.kept(usable, window, ids.size)
    begun = [_is_begun(*each, window) for each in zip(wanted, kept, strict=True)]
    lonely = ids[~np.array(begun)].tolist()
    readings = _readings(days, usable, lonely, window, hot)
    samples = [
        readings[metric_id].around(start, end, NEIGHBOURS_BEFORE)
        if metric_id in readings
        else NOTHING
        for metric_id in ids.tolist()
    ]
    yield from _answers(parts_of(wanted, kept, samples, window), window)


@dataclass(frozen=True, slots=True)
class _Days:
    """Sealed days with their summaries; `places` int64[n]: whose they are, an index."""

    found: chunks.Summaries
    heads: NDArray[np.void]
    places: Ints

    @classmethod
    def of(cls, found: chunks.Summaries, ids: Ints) -> "_Days":
        order = np.argsort(ids)
        places = order[np.searchsorted(ids, found.metric_ids, sorter=order)]
        return cls(found, heads_of(found.quarters), places)

    def keys(self, window: Window) -> Ints:
        """Each day's place among all days of the window of all Metrics."""
        return self.places * window.days + self.found.days - window.first

    def kept(self, usable: Chosen, window: Window, count: int) -> list[Kept]:
        """The `usable` ones of each of `count` Metrics."""
        keys = self.keys(window)
        chosen = np.flatnonzero(usable)
        chosen = chosen[np.argsort(keys[chosen])]
        bounds = np.searchsorted(keys[chosen], np.arange(count + 1) * window.days).tolist()
        kept = Kept.of(
            keys[chosen] % window.days,
            self.heads[chosen],
            [self.found.quarters[each] for each in chosen.tolist()],
            [self.found.extremes[each] for each in chosen.tolist()],
        )
        return [kept.between(*each) for each in pairwise(bounds)]


def _usable(
    days: _Days, wanted: Sequence[Wanted], window: Window, hot: Mapping[int, Samples]
) -> Chosen:
    """Which summaries tell exactly what is wanted."""
    rising = np.array([each.what == "rise" for each in wanted])
    fitting = _fitting(days.heads, wanted, days.places, rising)
    holds = np.array([each.hold for each in wanted])[days.places]
    usable = fitting & (days.found.holds == holds) & window.holds(days.found.days)
    if hot:
        touched = [
            np.unique(hot[each.metric_id].timestamps // DAY) - window.first + place * window.days
            for place, each in enumerate(wanted)
            if each.metric_id in hot
        ]
        usable &= ~np.isin(days.keys(window), np.concatenate(touched))
    # One day that may spoil the rise of all is enough to need all readings.
    spoilt = days.places[(days.heads["layout"] != 0) & ~fitting]
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
    steady = (layouts == Layout.RISING) & (heads["rise"] <= limits[places] * JUST_BELOW)
    known = np.isin(layouts, list(Layout))
    measured = np.where(averaged[places], layouts == Layout.MEASURED, known)
    return np.where(rising[places], steady, measured)


def _is_begun(wanted: Wanted, kept: Kept, window: Window) -> bool:
    """Whether nothing around the window is needed: a reading begins it."""
    if wanted.what == "rise" or window.start % QUARTER or 0 not in kept.places[:1]:
        return False
    count, first = shape_of(kept.shapes[0], bool(kept.uniform[0]))[:2, window.offset].tolist()
    return bool(count and not first)


def _readings(
    days: _Days, usable: Chosen, lonely: list[int], window: Window, hot: Mapping[int, Samples]
) -> dict[int, Samples]:
    """The readings of the days that are not `usable`, and around the window of the `lonely`."""
    kept, unused = days.found, ~usable
    pairs = list(zip(kept.metric_ids[unused].tolist(), kept.days[unused].tolist(), strict=True))
    sealed = chunks.chosen(pairs)
    if lonely:
        hot = overlay(hot, backend().neighbours(lonely, window.start, window.end))
        for metric_id, around in chunks.around(lonely, window.first, window.last).items():
            sealed.setdefault(metric_id, []).extend(around)
    return overlay(reading.joined(sealed), hot)


def _answers(parts: Sequence[Part], window: Window) -> Iterator[tuple[int, Answer]]:
    clocks: Clocks = {}
    rising = {part.wanted.metric_id: part.quarters(clocks) for part in parts if part.may_rise}
    inexact = [
        part.wanted.metric_id
        for part in parts
        if not part.is_exact(rising.get(part.wanted.metric_id))
    ]
    again: dict[int, Samples] = dict.fromkeys(inexact, NOTHING)
    if inexact:
        again |= reading.read(inexact, window.start, window.end, with_neighbours=True)
    for part in parts:
        metric_id = part.wanted.metric_id
        if metric_id in again:
            yield metric_id, again.pop(metric_id)
        elif part.is_summed:
            yield metric_id, rising.pop(metric_id) if part.may_rise else part.quarters(clocks)
        else:
            yield metric_id, part.samples

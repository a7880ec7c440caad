"""What the readings of counters add, whole series at once. Pure.

`history.decisions` says what a reading adds, and decides one after the other. Nearly all readings
stand still or rise plausibly by a tenth at most, which is told for all of them together, each from
the one before; only the others, and those behind them up to the next such rise, are read singly.
"""

from bisect import bisect_left
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from history.arrays import Floats, Ints
from history.decisions import (
    HOUR,
    KEPT,
    NEVER_READ,
    NO_RULES,
    NO_STEP,
    Counter,
    CounterState,
    Rules,
)
from history.steps import Steps, shared

__all__ = [
    "NEVER_READ",
    "NO_RULES",
    "CounterState",
    "Rules",
    "Steps",
    "advance",
    "advance_all",
    "shared",
]


def advance(
    state: CounterState, timestamps: Ints, values: Floats, rules: Rules
) -> tuple[Steps, CounterState]:
    """The steps that a counter's next readings decide, and the state it is in behind them.

    `timestamps` int64[n], microseconds since the Unix epoch, ascending, all behind the readings
    that led to the `state`; `values` float64[n]. However a series is cut, its parts give the steps
    and the state of the whole, to the last bit.
    """
    bounds = np.array([0, timestamps.size])
    steps, _, states = advance_all([state], bounds, timestamps, values, [rules])
    return steps, states[0]


def advance_all(
    states: Sequence[CounterState],
    bounds: Ints,
    timestamps: Ints,
    values: Floats,
    rules: Sequence[Rules],
) -> tuple[Steps, Ints, list[CounterState]]:
    """Like `advance`, for many counters, the readings of each behind those of the one before.

    Those of counter i are from `bounds[i]` up to `bounds[i + 1]`. Returns the steps of all, the
    bounds of each counter's, and their states.
    """
    if not states:
        return Steps.none(), np.zeros(1, np.int64), []
    bounds, timestamps, values = _shown(bounds, timestamps, values)
    openings = [
        _Opening.of(state, timestamps[low:high], values[low:high])
        for state, (low, high) in zip(states, pairwise(bounds.tolist()), strict=True)
    ]
    rates = np.array([each.rate for each in rules])
    table = _tabled(openings, bounds, timestamps, values, rates)
    counters = [Counter(*each) for each in zip(states, rules, strict=True)]
    for counter, (opening, end) in zip(counters, pairwise(table.bounds.tolist()), strict=True):
        _read(counter, table, opening, end)
    begun = np.array([opening.begun for opening in openings])
    return *_steps(table, begun), [counter.state for counter in counters]


def _shown(bounds: Ints, timestamps: Ints, values: Floats) -> tuple[Ints, Ints, Floats]:
    """The readings that a counter can show."""
    if not values.size or (values.min() >= 0 and values.max() < np.inf):
        return bounds, timestamps, values
    shown = (values >= 0) & (values < np.inf)
    return np.append(0, np.cumsum(shown))[bounds], timestamps[shown], values[shown]


class _Opening(NamedTuple):
    """What stands before the next readings of a counter: its last one, where there was one.

    `begun`: where its next step begins; `since`: from when its next rise is measured.
    """

    begun: int
    timestamp: int
    value: float
    since: int

    @classmethod
    def of(cls, state: CounterState, timestamps: Ints, values: Floats) -> "_Opening":
        """What stands before some readings, of which there may be none."""
        if state.undecided >= 0:
            return cls(state.until, state.undecided_at, state.undecided, state.since)
        if state.level >= 0:
            shown = state.dip if state.dip >= 0 else state.level
            return cls(state.until, state.until, shown, state.since)
        if not values.size:
            return cls(0, 0, 0.0, 0)
        first = timestamps.item(0)
        return cls(first, first - HOUR, values.item(0), first - HOUR)


class _Table(NamedTuple):
    """The readings of some counters, those of each behind its opening.

    `bounds` int64[counters + 1]: the places of the openings. `moved` int64[n]: the last place, up
    to each, that shows another value than the one before; `since` int64[n]: from when the rise
    behind such a place is measured. `suspects`: the places at which a counter neither stands still
    nor plausibly rises by a tenth at most, and one behind all places. `added` float64[n]: what each
    reading adds; to begin with, what it would if there were no suspects.
    """

    bounds: Ints
    timestamps: Ints
    values: Floats
    since: Ints
    moved: Ints
    suspects: list[int]
    added: Floats

    def reading(self, place: int) -> tuple[int, float]:
        """The timestamp and the value at a place."""
        return self.timestamps.item(place), self.values.item(place)


@np.errstate(over="ignore", invalid="ignore")
def _tabled(
    openings: Sequence[_Opening], bounds: Ints, timestamps: Ints, values: Floats, rates: Floats
) -> _Table:
    """The readings between `bounds` behind their openings; `rates` float64[counters]."""
    _, opened, shown, measured = map(np.array, zip(*openings, strict=True))
    timestamps = np.insert(timestamps, bounds[:-1], opened)
    values = np.insert(values, bounds[:-1], shown) + 0.0  # makes 0.0 of -0.0
    bounds = bounds + np.arange(bounds.size)
    opening, places = bounds[:-1], np.arange(values.size)
    gaps, rises = np.diff(timestamps, prepend=0), np.diff(values, prepend=0.0)
    gaps[opening], rises[opening] = 1, 0.0
    if gaps.min() <= 0:
        raise ValueError("Readings must ascend in time, behind those that led to the state.")
    rate = np.repeat(rates, np.diff(bounds))
    added = np.maximum(rises, 0.0)
    since = timestamps - np.minimum(gaps, added / rate).astype(np.int64)
    since[opening] = measured
    turns = rises != 0
    turns[opening] = True
    moved = np.maximum.accumulate(np.where(turns, places, 0))
    behind = np.append(0, moved[:-1])
    suspect = (rises < 0) | (rises > rate * (timestamps - since[behind]))
    suspect[1:] |= KEPT * values[1:] > values[:-1]
    suspect[opening] = False
    added[opening] = NO_STEP
    suspects = [*np.flatnonzero(suspect).tolist(), values.size]
    return _Table(bounds, timestamps, values, since, moved, suspects, added)


def _read(counter: Counter, table: _Table, opening: int, end: int) -> None:
    """Bring a counter behind its readings, and write what those add that are read singly."""
    undecided, place = opening, opening + 1
    while place < end:
        last = table.moved.item(place - 1)
        if counter.is_settled and counter.since == table.since.item(last):
            # From here on the table is right, up to the next suspect.
            calm = min(table.suspects[bisect_left(table.suspects, place)], end)
            if place < calm:
                place = calm
                last = table.moved.item(place - 1)
                counter.skip(*table.reading(place - 1), table.since.item(last))
                continue
        confirmed, added = counter.read(*table.reading(place))
        if confirmed != NO_STEP:
            table.added[undecided] = confirmed
        if added == NO_STEP:
            undecided = place
        table.added[place] = added
        place += 1


def _steps(table: _Table, begun: Ints) -> tuple[Steps, Ints]:
    """The steps that end at readings, and the bounds of each counter's; its first is `begun`."""
    ends = table.added != NO_STEP
    until, amount = table.timestamps[ends], table.added[ends]
    counts = np.add.reduceat(ends, table.bounds[:-1], dtype=np.int64)
    bounds = np.append(0, np.cumsum(counts))
    since = np.append(0, until[:-1])[: until.size]
    since[bounds[:-1][counts > 0]] = begun[counts > 0]
    known = ~np.isnan(amount)
    return Steps(since, until, np.where(known, amount, 0.0), known), bounds

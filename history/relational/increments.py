"""What the readings of a day add to counters, and the states they leave, as chunks keep them. Pure.

A day's readings decide *steps*. What those inside the day come to by the quarter hour is the
chunk's `increments`. Those that begin before the day, two at most, are kept as they are: the one to
the day's first decided reading, and the one to a reading of an earlier day that it confirms. So a
chunk tells all that its readings decided, whatever lies before and behind it.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from history.arrays import Floats, Samples
from history.buckets import DAY
from history.counters import CounterState, Rules, Steps, advance_all, shared
from history.relational.rollups import QUARTER, QUARTERS_A_DAY, WORTH_SUMMING, compressed

_ENTRIES = 2  # steps that begin before the day
_LAYOUT = np.dtype(
    [
        ("max_rate", "<f8"),
        ("rollover", "<f8"),
        ("state", f"V{CounterState.SIZE}"),
        ("since", "<i8", (_ENTRIES,)),
        ("until", "<i8", (_ENTRIES,)),
        ("amount", "<f8", (_ENTRIES,)),
    ]
)
_LEFT = 16 + CounterState.SIZE  # bytes of the rules and the state
# What no rules are equal to, in the place of the states of chunks that have none.
_NO_STATE = np.full(1, np.nan, "<f8").tobytes().ljust(_LAYOUT.itemsize, b"\0")


class Added(NamedTuple):
    """What a day added to a counter, as a chunk keeps it.

    `increments` float64[96], compressed: how far it rose in each quarter hour by steps that begin
    in the day, NaN where nothing is; None where the readings tell it as fast, and where of some of
    these steps nothing is known: for how long, only the readings tell. `state`: the steps that
    begin before the day, the state that it ended in, and by which rules.
    """

    increments: bytes | None
    state: bytes


def added(
    day: int, days: Sequence[Samples], states: Sequence[CounterState], rules: Sequence[Rules]
) -> list[Added]:
    """What a UTC day, counted from the Unix epoch, added to counters.

    `days`: the readings of each; `states`: that each was in before them.
    """
    if not days:
        return []
    bounds = np.append(0, np.cumsum([len(samples) for samples in days]))
    timestamps = np.concatenate([samples.timestamps for samples in days])
    values = np.concatenate([samples.values for samples in days])
    steps, bounds, ends = advance_all(states, bounds, timestamps, values, rules)
    owners = np.repeat(np.arange(len(days)), np.diff(bounds))
    increments = _increments(steps, owners, len(days), day)
    table = packed(ends, rules)
    for row, (low, high) in zip(table, pairwise(bounds.tolist()), strict=True):
        own = steps.between(low, high)
        entries = own.between(0, int((own.since < day * DAY).sum()))
        row["since"][: len(entries)], row["until"][: len(entries)] = entries.since, entries.until
        row["amount"][: len(entries)] = np.where(entries.known, entries.amount, np.nan)
    is_kept = [len(samples) >= WORTH_SUMMING for samples in days]
    unknown = ~steps.known & (steps.since >= day * DAY)
    is_kept = np.array(is_kept) & (np.bincount(owners[unknown], minlength=len(days)) == 0)
    return [
        Added(compressed(increments[place]) if is_kept[place] else None, bytes(row))
        for place, row in enumerate(table)
    ]


def _increments(steps: Steps, owners: NDArray[np.int64], count: int, day: int) -> Floats:
    """What the steps that begin in the day come to, float64[count, 96]."""
    begin = day * DAY
    inside = steps.since >= begin
    # The counters one behind the other, each for a day.
    offsets = owners[inside] * DAY - begin
    apart = Steps(
        steps.since[inside] + offsets,
        steps.until[inside] + offsets,
        steps.amount[inside],
        steps.known[inside],
    )
    edges = np.arange(count * QUARTERS_A_DAY + 1) * QUARTER
    return shared(apart, edges)[0].reshape(count, QUARTERS_A_DAY)


def packed(states: Sequence[CounterState], rules: Sequence[Rules]) -> NDArray[np.void]:
    """States and the rules they were reached by, as they are kept: an entry for each counter."""
    table = np.zeros(len(states), _LAYOUT)
    table["max_rate"], table["rollover"] = np.array([_kept(each) for each in rules]).T
    table["state"] = [state.to_bytes() for state in states]
    return table


def _kept(rules: Rules) -> tuple[float, float]:
    """Rules as numbers, 0 for what is not known."""
    return rules.max_rate or 0.0, rules.rollover or 0.0


def left_by(kept: bytes) -> bytes:
    """What later days follow from: the state that a day ended in, and the rules."""
    return kept[:_LEFT]


class States:
    """The states that chunks keep, one for each chunk; some of them may have none."""

    def __init__(self, encoded: Sequence[bytes | None]) -> None:
        self._table = np.frombuffer(b"".join(each or _NO_STATE for each in encoded), _LAYOUT)

    def follow(self, rules: Sequence[Rules]) -> NDArray[np.bool_]:
        """Which of them were reached by these rules, one for each."""
        names = ["max_rate", "rollover"]
        expected = np.array([_kept(each) for each in rules], self._table[names].dtype)
        return self._table[names] == expected

    def __getitem__(self, index: int) -> CounterState:
        return CounterState.from_bytes(self._table["state"][index].tobytes())

    def entries(self, chosen: Sequence[int]) -> Steps:
        """The steps that begin before the days of some of them, which ascend."""
        rows = self._table[chosen]
        since, until = rows["since"].ravel(), rows["until"].ravel()
        amount, kept = rows["amount"].ravel(), since < until
        since, until, amount = since[kept], until[kept], amount[kept]
        known = ~np.isnan(amount)
        return Steps(since, until, np.where(known, amount, 0.0), known)

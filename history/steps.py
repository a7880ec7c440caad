"""What a counter rose, span by span, and how that is shared out over buckets. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Self

import numpy as np
from numpy.typing import NDArray

from history.arrays import Floats, Ints

Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Steps:
    """What a counter rose over each (`since`, `until`], ascending, none of which overlap.

    `since` and `until` int64[n], microseconds since the Unix epoch; `amount` float64[n], finite and
    at least 0; `known` bool[n]: False for a span of which nothing is known, and whose amount is 0.
    Nothing is told of the time between two steps, where there is any.
    """

    since: Ints
    until: Ints
    amount: Floats
    known: Flags

    @classmethod
    def none(cls) -> Self:
        """No steps."""
        instants = np.empty(0, np.int64)
        return cls(instants, instants, np.empty(0, np.float64), np.empty(0, np.bool_))

    @classmethod
    def joined(cls, parts: Sequence[Self]) -> Self:
        """Those of all parts, each of which lies behind the one before."""
        if len(parts) == 1:
            return parts[0]
        columns = ([getattr(part, field.name) for part in parts] for field in fields(cls))
        return cls(*map(np.concatenate, columns)) if parts else cls.none()

    @classmethod
    def sorted(cls, parts: Sequence[Self]) -> Self:
        """Those of all parts, in whatever order they are."""
        steps = cls.joined(parts)
        if len(parts) > 1:
            order = np.argsort(steps.until)
            return cls(*(getattr(steps, field.name)[order] for field in fields(cls)))
        return steps

    def __len__(self) -> int:
        return self.until.size

    @property
    def turns(self) -> Ints:
        """When one begins or ends, ascending, no instant twice."""
        # No step begins before the one in front of it has ended, so there is nothing to sort.
        instants = np.column_stack((self.since, self.until)).ravel()
        return instants[np.diff(instants, prepend=instants[:1] - 1) != 0]

    def between(self, low: int, high: int) -> Self:
        """Those from one index up to another."""
        return type(self)(*(getattr(self, field.name)[low:high] for field in fields(self)))


def unknown_time(steps: Steps, edges: Ints, lookback: int, known_until: int) -> Ints:
    """For how many microseconds of each bucket readings are there, but nothing is known of a rise.

    A reading stands for `lookback` at most, and for no time behind `known_until`.
    """
    if steps.known.all():
        return np.zeros(edges.size - 1, np.int64)
    since, until = steps.since[~steps.known], steps.until[~steps.known]
    until = np.maximum(np.minimum(np.minimum(until, since + lookback), known_until), since)
    since, until = since[since < until], until[since < until]
    return shared(Steps(since, until, np.zeros(since.size), np.ones(since.size, bool)), edges)[1]


def shared(steps: Steps, edges: Ints) -> tuple[Floats, Ints]:
    """How far the counter rose in each bucket, and for how many microseconds of it that is known.

    `steps` are those of one counter; `edges` int64[n + 1], strictly ascending. A counter rises
    evenly over a step, so a step across an edge is shared out by time; one inside a bucket counts
    whole. Each bucket is summed by itself: differences of one long running sum would lose the last
    digits of a counter that gained much before. NaN where nothing is known, and where a sum is
    larger than any float.
    """
    buckets = edges.size - 1
    if not len(steps):
        return np.full(buckets, np.nan), np.zeros(buckets, np.int64)
    # The time of the buckets, cut wherever a step begins or ends as well.
    turns = steps.turns
    inside = turns[slice(*np.searchsorted(turns, edges[[0, -1]]))]
    places = np.searchsorted(inside, edges)
    cuts = np.insert(inside, places, edges)
    lengths = np.diff(cuts)
    owners = np.searchsorted(steps.until, cuts[:-1], side="right")
    owners[owners == len(steps)] = 0
    owned = (steps.since[owners] <= cuts[:-1]) & (cuts[:-1] < steps.until[owners])
    counts = owned & steps.known[owners]
    shares = lengths / (steps.until - steps.since)[owners]
    offsets = places[:-1] + np.arange(buckets)
    with np.errstate(over="ignore"):
        amounts = np.add.reduceat(np.where(counts, steps.amount[owners] * shares, 0.0), offsets)
    known = np.add.reduceat(np.where(counts, lengths, 0), offsets)
    return np.where((known > 0) & np.isfinite(amounts), amounts, np.nan), known

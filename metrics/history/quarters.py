"""Quarter hours: what readings come to in each, and what that comes to in buckets. Pure.

The aggregates have the meaning of those in `metrics.history.aggregates`, for buckets of the window
whose inner edges are whole quarter hours. Floats may differ by rounding only.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from metrics.history.arrays import Floats, Ints, Samples
from metrics.history.buckets import DAY, MINUTE

QUARTER = 15 * MINUTE
QUARTERS_A_DAY = DAY // QUARTER
_LONG_AGO = -(2**62)  # before any instant, and far from overflowing


@dataclass(frozen=True, slots=True)
class Cells:
    """What the readings of some quarter hours come to; one entry for each that has any.

    `keys` int64[n] ascending: which quarter hour. `counts` int64[n]; `firsts` and `lasts` int64[n]:
    when the first and last of its readings were measured, in microseconds since the Unix epoch;
    `known` int64[n]: microseconds for which a value is known from the first reading to the end.
    float64[n]: the `first`, `low`, `high` and `last` value and the `mean` over the known time.
    """

    keys: Ints
    counts: Ints
    firsts: Ints
    lasts: Ints
    known: Ints
    first: Floats
    low: Floats
    high: Floats
    last: Floats
    mean: Floats


@np.errstate(over="ignore", invalid="ignore")
def cells_of(
    keys: Ints, timestamps: Ints, values: Floats, *, hold: Ints | int, until: int | None = None
) -> Cells:
    """The cells of one or more readings, ascending by key, then time.

    `keys` are not negative and differ between quarter hours. Each reading is held for at most
    `hold` microseconds, and not beyond `until`.
    """
    begins = np.flatnonzero(np.diff(keys, prepend=-1))
    ends = np.append(begins[1:], keys.size) - 1
    counts = ends - begins + 1
    stops = np.append(timestamps[1:], 0)
    stops[ends] = timestamps[ends] - timestamps[ends] % QUARTER + QUARTER
    stops = np.minimum(stops, timestamps + hold)
    if until is not None:
        stops = np.minimum(stops, until)
    held = np.maximum(stops - timestamps, 0)
    known, last = np.add.reduceat(held, begins), values[ends]
    # Averaging the differences from one of the values keeps constants constant.
    risen = np.add.reduceat(held * (values - np.repeat(last, counts)), begins)
    return Cells(
        keys=keys[begins],
        counts=counts,
        firsts=timestamps[begins],
        lasts=timestamps[ends],
        known=known,
        first=values[begins],
        low=np.minimum.reduceat(values, begins),
        high=np.maximum.reduceat(values, begins),
        last=last,
        mean=last + risen / np.maximum(known, 1),
    )


@dataclass(frozen=True)
class Quarters:
    """All quarter hours that a window touches, one after the other, of one Metric.

    `begins` int64[n + 1]: where they begin and the last one ends. `shape` int64[days, 4, 96] and
    `columns` float64[days, 4, 96] hold those of whole days, the first of the window being number
    `offset`: counts, firsts and lasts as offsets in the quarter hour, known; low, high, last, mean.
    Each has an entry for every quarter hour; those without readings count 0 and know nothing.
    `mean` is there where it was asked for. `before` and `behind`: the nearest readings outside the
    window, where they matter. A value is held for at most `hold` microseconds, and nothing is known
    of the time after `known_until`.
    """

    window: tuple[int, int]
    begins: Ints
    offset: int
    shape: Ints
    columns: Floats
    before: Samples
    behind: Samples
    hold: int
    known_until: int

    def __len__(self) -> int:
        return self.begins.size - 1

    def _shape(self, place: int) -> Ints:
        return self.shape[:, place].reshape(-1)[self.offset : self.offset + len(self)]

    def _column(self, place: int) -> Floats:
        return self.columns[:, place].reshape(-1)[self.offset : self.offset + len(self)]

    @cached_property
    def edges(self) -> Ints:
        """int64[n + 1]: where they begin and the last one ends, cut to the window."""
        edges = self.begins.copy()
        edges[0], edges[-1] = self.window
        return edges

    @cached_property
    def counts(self) -> Ints:
        """As in Cells, like all that follow."""
        return self._shape(0)

    @cached_property
    def firsts(self) -> Ints:
        return self.begins[:-1] + self._shape(1)

    @cached_property
    def lasts(self) -> Ints:
        return self.begins[:-1] + self._shape(2)

    @cached_property
    def known(self) -> Ints:
        return self._shape(3)

    @cached_property
    def low(self) -> Floats:
        return self._column(0)

    @cached_property
    def high(self) -> Floats:
        return self._column(1)

    @cached_property
    def last(self) -> Floats:
        return self._column(2)

    @cached_property
    def mean(self) -> Floats:
        return self._column(3)

    @cached_property
    def are_begun(self) -> bool:
        """Whether a reading begins each, so that none is held into it."""
        return bool(self.counts.all() and not self._shape(1).any())

    def offsets(self, edges: Ints) -> Ints:
        """The first quarter hour of each bucket."""
        return (edges[:-1] - self.begins[0]) // QUARTER

    @cached_property
    def filled(self) -> Ints:
        """For each quarter hour the last one with readings up to it; −1 where there is none."""
        if self.counts.all():
            return np.arange(len(self))
        return np.maximum.accumulate(np.where(self.counts > 0, np.arange(len(self)), -1))

    @cached_property
    def carried(self) -> tuple[Ints, Floats]:
        """For how long a value is held into each quarter hour before its first reading; it."""
        if self.are_begun:
            return np.zeros(len(self), np.int64), self.last
        at, value = _LONG_AGO, 0.0
        if len(self.before):
            at, value = self.before.timestamps[-1], self.before.values[-1]
        # The last entry of each array stands for the time before the first.
        source = np.append(-1, self.filled[:-1])
        since = np.append(self.lasts, at)[source]
        stops = np.where(self.counts > 0, self.firsts, self.edges[1:])
        stops = np.minimum(np.minimum(stops, since + self.hold), self.known_until)
        held = np.maximum(stops - self.edges[:-1], 0)
        return held, np.append(self.last, value)[source]

    def known_in(self, offsets: Ints) -> Ints:
        """For how many microseconds a value is known in each bucket."""
        known = self.known if self.are_begun else self.known + self.carried[0]
        return np.add.reduceat(known, offsets)


def minimum(quarters: Quarters, edges: Ints) -> Floats:
    """The least value measured in each bucket."""
    values = np.where(quarters.counts > 0, quarters.low, np.inf)
    return _finite(np.minimum.reduceat(values, quarters.offsets(edges)))


def maximum(quarters: Quarters, edges: Ints) -> Floats:
    """The greatest value measured in each bucket."""
    values = np.where(quarters.counts > 0, quarters.high, -np.inf)
    return _finite(np.maximum.reduceat(values, quarters.offsets(edges)))


def count(quarters: Quarters, edges: Ints) -> Floats:
    """How many readings were measured in each bucket; NaN, not 0, where none was."""
    counted = np.add.reduceat(quarters.counts, quarters.offsets(edges)).astype(np.float64)
    return np.where(counted > 0, counted, np.nan)


def first(quarters: Quarters, edges: Ints) -> Floats:
    """The first value of a counter that only rose, measured in each bucket."""
    return minimum(quarters, edges)


def last(quarters: Quarters, edges: Ints) -> Floats:
    """The last value measured in each bucket."""
    offsets = quarters.offsets(edges)
    chosen = quarters.filled[np.append(offsets[1:], len(quarters)) - 1]
    return np.where(chosen >= offsets, quarters.last[chosen], np.nan)


def coverage(quarters: Quarters, edges: Ints) -> Floats:
    """The share of each bucket, 0 to 1, for which a value is known; never NaN."""
    return quarters.known_in(quarters.offsets(edges)) / np.diff(edges)


def mean(quarters: Quarters, edges: Ints) -> Floats:
    """The time-weighted mean of each bucket over the time for which a value is known."""
    offsets = quarters.offsets(edges)
    sizes = np.diff(offsets, append=len(quarters))
    # Averaging the differences from one of the values keeps constants constant.
    closing = quarters.filled[offsets + sizes - 1]
    middle = np.where(closing >= 0, quarters.mean[closing], quarters.carried[1][offsets])
    middles = np.repeat(middle, sizes)
    parts = quarters.known * (quarters.mean - middles)
    if not quarters.are_begun:
        held, values = quarters.carried
        parts += held * (values - middles)
    known = quarters.known_in(offsets)
    means = middle + np.add.reduceat(parts, offsets) / np.maximum(known, 1)
    return np.where(known > 0, means, np.nan)


def increase(quarters: Quarters, edges: Ints) -> Floats:
    """How far a counter rose in each bucket; NaN where no step between readings is known.

    Only for a counter all of whose steps are plausible rises.
    """
    timestamps, values = _turns(quarters)
    if not timestamps.size:
        return np.full(edges.size - 1, np.nan)
    origin = edges[0]
    # Interpolating on both sides of its own base keeps what a large counter gains exact.
    risen = np.diff(np.interp(edges - origin, timestamps - origin, values - values[0]))
    known = np.diff(np.clip(edges, timestamps[0], timestamps[-1]))
    return _finite(np.where(known > 0, np.maximum(risen, 0), np.nan))


def _turns(quarters: Quarters) -> tuple[Ints, Floats]:
    """A rising counter's readings at the two ends of each quarter hour, and around the window."""
    held = quarters.counts > 0
    timestamps = np.column_stack((quarters.firsts, quarters.lasts))[held].ravel()
    values = np.column_stack((quarters.low, quarters.high))[held].ravel()
    before, behind = quarters.before, quarters.behind
    return (
        np.concatenate((before.timestamps, timestamps, behind.timestamps)),
        np.concatenate((before.values, values, behind.values)),
    )


def _finite(results: Floats) -> Floats:
    return np.where(np.isfinite(results), results, np.nan)


@np.errstate(over="ignore", invalid="ignore", divide="ignore")
def steepest(groups: Ints, timestamps: Ints, values: Floats, count: int) -> Floats:
    """The fastest rise of each of `count` groups of readings; infinite where one falls.

    `groups` int64[n] names each reading's group, from 0, ascending. float64[count], the counter's
    unit per microsecond since it last moved; 0 for groups without a step.
    """
    fastest = np.zeros(count)
    if groups.size < 2:
        return fastest
    changes, inside = np.diff(values), groups[1:] == groups[:-1]
    begins = np.append(True, ~inside | (changes != 0))
    since = timestamps[np.maximum.accumulate(np.where(begins, np.arange(groups.size), 0))]
    rates = changes / (timestamps[1:] - since[:-1])
    rates = np.where((changes < 0) | ~np.isfinite(rates), np.inf, rates)
    np.maximum.at(fastest, groups[1:][inside], rates[inside])
    return fastest


def is_rise(
    since: Ints, before: Floats, until: Ints, after: Floats, max_rate: float | None
) -> bool:
    """Whether every step, from `before` at `since` to `after` at `until`, is a plausible rise."""
    steps = after - before
    limits = np.inf if max_rate is None else max_rate * (until - since)
    return bool(((steps >= 0) & np.isfinite(steps) & (steps <= limits)).all())

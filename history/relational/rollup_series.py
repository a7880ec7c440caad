"""One Metric's history in buckets of whole quarter hours, computed from their rollups. Pure.

Floats may differ from what the readings themselves come to by rounding only.
"""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from history.arrays import Floats, Ints, Samples
from history.relational.rollups import QUARTER, DayRollups
from history.series import BucketedSeries
from history.steps import Steps, unknown_time


@dataclass(eq=False)
class QuarterHours:
    """When the readings of a window were measured; Metrics that were measured alike share one.

    `edges` int64[buckets + 1]: those of the buckets, all but the first and last whole quarter
    hours. `shape` int64[4, n]: that of all quarter hours that the window touches (`Rollups`); those
    without readings count 0 and know nothing. `since`: when the last reading before the window was
    measured, where it matters. A value is known for at most `lookback` microseconds, and nothing
    is known of the time behind `known_until`.
    """

    edges: Ints
    shape: Ints
    since: int
    lookback: int
    known_until: int

    def __post_init__(self) -> None:
        self.counts, self.firsts, self.lasts, known = self.shape
        origin = self.edges[0] - self.edges[0] % QUARTER
        self.begins = origin + QUARTER * np.arange(self.counts.size + 1)
        # Whether each quarter hour has readings, and whether one begins it: then no value from
        # before is known in it.
        self.are_filled = bool(self.counts.all())
        self.are_begun = self.are_filled and not self.firsts.any()
        self.known = known

    @cached_property
    def cuts(self) -> Ints:
        """The edges of the quarter hours, of the first and the last as far as they are inside."""
        cuts = self.begins.copy()
        cuts[0], cuts[-1] = self.edges[[0, -1]]
        return cuts

    # Quarter hours -------------------------------------------------------------------------------

    @cached_property
    def filled(self) -> Ints:
        """For each quarter hour the last one with readings up to it; −1 where there is none."""
        places = np.arange(self.counts.size)
        if self.are_filled:
            return places
        return np.maximum.accumulate(np.where(self.counts > 0, places, -1))

    @cached_property
    def sources(self) -> Ints:
        """For each quarter hour the last one with readings before it; −1 where there is none."""
        return np.append(-1, self.filled[:-1])

    @cached_property
    def carried(self) -> Ints:
        """How long a value from before is known in each quarter hour before its first reading."""
        edges = self.cuts
        # The last entry stands for the time before the first quarter hour.
        since = np.append(self.begins[:-1] + self.lasts, self.since)[self.sources]
        stops = np.where(self.counts > 0, self.begins[:-1] + self.firsts, edges[1:])
        stops = np.minimum(np.minimum(stops, since + self.lookback), self.known_until)
        return np.maximum(stops - edges[:-1], 0)

    # Buckets -------------------------------------------------------------------------------------

    @cached_property
    def offsets(self) -> Ints:
        """The first quarter hour of each bucket."""
        return (self.edges[:-1] - self.begins[0]) // QUARTER

    @cached_property
    def ends(self) -> Ints:
        """The first quarter hour behind each bucket."""
        return np.append(self.offsets[1:], self.counts.size)

    @cached_property
    def closing(self) -> Ints:
        """The last quarter hour with readings up to the end of each bucket; −1 for none."""
        return self.filled[self.ends - 1]

    @cached_property
    def owners(self) -> Ints:
        """The bucket of each quarter hour."""
        return np.repeat(np.arange(self.offsets.size), self.ends - self.offsets)

    @cached_property
    def coverage(self) -> Floats:
        """The share of each bucket for which a value is known."""
        known = self.known if self.are_begun else self.known + self.carried
        return np.add.reduceat(known, self.offsets) / np.diff(self.edges)

    @cached_property
    def known_of_buckets(self) -> Floats:
        """For how many microseconds a value is known in each bucket; NaN for none."""
        return np.where(self.coverage > 0, self.coverage, np.nan) * np.diff(self.edges)

    def reduced(self, combine: np.ufunc, numbers: NDArray[Any]) -> NDArray[Any]:
        """The numbers of each bucket's quarter hours combined."""
        if self.offsets.size == self.counts.size:
            return numbers
        return combine.reduceat(numbers, self.offsets)


@dataclass(frozen=True)
class RollupSeries(BucketedSeries):
    """A series computed from rollups, of which those are there that its query needs.

    `samples_before` and `samples_behind`: the nearest readings outside the window, where they
    matter. `increments` float64[quarter hours]: how far a counter rose in each, NaN where nothing
    is known; `steps`: those of them that no day keeps, among which are all that are not known.
    """

    hours: QuarterHours
    days: DayRollups
    samples_before: Samples
    samples_behind: Samples
    increments: Floats = field(default_factory=lambda: np.empty(0))
    steps: Steps = field(default_factory=Steps.none)

    def minimum(self) -> Floats:
        return self._extreme(self._low, np.minimum, np.inf)

    def maximum(self) -> Floats:
        return self._extreme(self._high, np.maximum, -np.inf)

    def count(self) -> Floats:
        counted = self.hours.reduced(np.add, self.hours.counts.astype(np.float64))
        return np.where(counted > 0, counted, np.nan)

    def last(self) -> Floats:
        hours = self.hours
        return np.where(hours.closing >= hours.offsets, self._last[hours.closing], np.nan)

    def coverage(self) -> Floats:
        return self.hours.coverage

    def mean(self) -> Floats:
        hours, means = self.hours, self.days.mean()[: self.hours.counts.size]
        # Averaging the differences from one of the values keeps constants constant.
        middle = means[hours.closing]
        if not hours.are_filled:
            middle = np.where(hours.closing >= 0, middle, self._carried[hours.offsets])
        middles = middle[hours.owners]
        parts = hours.known * (means - middles)
        if not hours.are_begun:
            parts += hours.carried * (self._carried - middles)
        return middle + hours.reduced(np.add, parts) / hours.known_of_buckets

    def increase(self) -> Floats:
        known = ~np.isnan(self.increments)
        risen = self.hours.reduced(np.add, np.where(known, self.increments, 0.0))
        return _finite(np.where(self.hours.reduced(np.logical_or, known), risen, np.nan))

    def _unknown_share(self) -> Floats:
        hours = self.hours
        unknown = unknown_time(self.steps, hours.edges, hours.lookback, hours.known_until)
        return unknown / np.diff(hours.edges)

    @property
    def before(self) -> float:
        return float(self.samples_before.values[-1]) if len(self.samples_before) else np.nan

    @property
    def newest(self) -> int | None:
        hours, behind = self.hours, self.samples_behind.timestamps
        if behind.size and behind[0] == hours.edges[-1]:
            return int(behind[0])
        place = hours.filled[-1]
        if place >= 0:
            return int(hours.begins[place] + hours.lasts[place])
        before = self.samples_before.timestamps
        return int(before[-1]) if before.size else None

    @cached_property
    def _low_and_high(self) -> Floats:
        return self.days.low_and_high()[:, : self.hours.counts.size]

    @property
    def _low(self) -> Floats:
        return self._low_and_high[0]

    @property
    def _high(self) -> Floats:
        return self._low_and_high[1]

    @cached_property
    def _last(self) -> Floats:
        return self.days.last()[: self.hours.counts.size]

    @cached_property
    def _carried(self) -> Floats:
        """The value that is known in each quarter hour before its first reading."""
        # The last entry stands for the time before the first quarter hour.
        before = self.samples_before.values[-1] if len(self.samples_before) else 0.0
        return np.append(self._last, before)[self.hours.sources]

    def _extreme(self, values: Floats, combine: np.ufunc, nothing: float) -> Floats:
        if self.hours.are_filled:
            return self.hours.reduced(combine, values)
        filled = np.where(self.hours.counts > 0, values, nothing)
        return _finite(self.hours.reduced(combine, filled))


def _finite(results: Floats) -> Floats:
    return np.where(np.isfinite(results), results, np.nan)

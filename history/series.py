"""One Metric's history in buckets, whatever it is computed from. Pure."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field

import numpy as np

from history import aggregates, intervals
from history.arrays import Floats, Ints, Samples
from history.steps import Steps, shared, unknown_time


class BucketedSeries(ABC):
    """The history of one Metric in the buckets it was read for.

    Each aggregate is float64[buckets], NaN where a bucket has no answer; `history.aggregates` says
    what they mean.
    """

    @abstractmethod
    def minimum(self) -> Floats:
        """The least value measured in each bucket."""

    @abstractmethod
    def maximum(self) -> Floats:
        """The greatest value measured in each bucket."""

    @abstractmethod
    def count(self) -> Floats:
        """How many readings were measured in each bucket; NaN, not 0, where none was."""

    @abstractmethod
    def last(self) -> Floats:
        """The last value measured in each bucket."""

    @abstractmethod
    def mean(self) -> Floats:
        """The time-weighted mean of each bucket over the time for which a value is known."""

    @abstractmethod
    def increase(self) -> Floats:
        """How far a counter rose in each bucket; NaN where nothing is known of any of its time."""

    @abstractmethod
    def coverage(self) -> Floats:
        """The share of each bucket, 0 to 1, for which a value is known; never NaN."""

    def increase_coverage(self) -> Floats:
        """The same of a counter, without the time of rises of which nothing is known."""
        return np.maximum(self.coverage() - self._unknown_share(), 0)

    @abstractmethod
    def _unknown_share(self) -> Floats:
        """The share of each bucket for which there are readings, but no rise is known."""

    @property
    @abstractmethod
    def before(self) -> float:
        """The last value measured before the first bucket; NaN where there is none."""

    @property
    @abstractmethod
    def newest(self) -> int | None:
        """When the last reading up to the end of the last bucket was measured."""


@dataclass(frozen=True, slots=True)
class SampleSeries(BucketedSeries):
    """A series computed from readings, which may reach beyond the buckets on both sides.

    `edges` int64[buckets + 1]; a value is known for at most `lookback` after its reading, and not
    behind `known_until`; `steps` are what a counter rose, where the series is to tell that. All
    instants and spans in microseconds.
    """

    samples: Samples
    edges: Ints
    lookback: int
    known_until: int
    steps: Steps = field(default_factory=Steps.none)

    def minimum(self) -> Floats:
        return aggregates.minimum(self.samples, self.edges)

    def maximum(self) -> Floats:
        return aggregates.maximum(self.samples, self.edges)

    def count(self) -> Floats:
        return aggregates.count(self.samples, self.edges)

    def first(self) -> Floats:
        """The first value measured in each bucket."""
        return aggregates.first(self.samples, self.edges)

    def last(self) -> Floats:
        return aggregates.last(self.samples, self.edges)

    def mean(self) -> Floats:
        known = self.lookback, self.known_until
        return aggregates.mean(self.samples, self.edges, *known)

    def increase(self) -> Floats:
        return shared(self.steps, self.edges)[0]

    def coverage(self) -> Floats:
        return aggregates.coverage(self.samples, self.edges, self.lookback, self.known_until)

    def _unknown_share(self) -> Floats:
        unknown = unknown_time(self.steps, self.edges, self.lookback, self.known_until)
        return unknown / np.diff(self.edges)

    def total(self) -> Floats:
        """The plain sum of the values measured in each bucket."""
        return aggregates.total(self.samples, self.edges)

    def amounts(self) -> Floats:
        """The amounts of intervals, shared out by time, where each reading is one."""
        return intervals.amounts(self.samples, self.edges, self.lookback)[0]

    def amounts_coverage(self) -> Floats:
        """The share of each bucket, 0 to 1, that these intervals cover."""
        return intervals.amounts(self.samples, self.edges, self.lookback)[1]

    def circular_mean(self) -> Floats:
        """The time-weighted mean direction of each bucket in degrees, [0, 360)."""
        known = self.lookback, self.known_until
        return aggregates.circular_mean(self.samples, self.edges, *known)

    @property
    def before(self) -> float:
        place = int(np.searchsorted(self.samples.timestamps, self.edges[0])) - 1
        return float(self.samples.values[place]) if place >= 0 else np.nan

    @property
    def newest(self) -> int | None:
        place = int(np.searchsorted(self.samples.timestamps, self.edges[-1], side="right")) - 1
        return int(self.samples.timestamps[place]) if place >= 0 else None

"""One Metric's readings summed up in buckets: which aggregate, held how long, limited to what."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypedDict

import numpy as np

from energy.errors import DomainError
from energy.instants import MICROS_PER_SECOND
from history import aggregates, rollups
from history.aggregates import HELD_INTERVALS
from history.arrays import Floats, Ints, Samples
from history.buckets import HOUR, Buckets
from history.quarter_hours import QUARTER
from history.rollups import Quarters
from history.store import Wanted
from metrics.models import Metric
from metrics.vocabulary import MetricType
from timeseries import fills
from timeseries.durations import MAX_STATES, TooManyStatesError, durations, known_seconds

DEFAULT_AGGREGATES: dict[str, str] = {
    MetricType.GAUGE: "mean",
    MetricType.COUNTER: "increase",
    MetricType.STATE: "last",
}
_MEASURED: dict[str, Callable[[Samples, Ints], Floats]] = {
    "min": aggregates.minimum,
    "max": aggregates.maximum,
    "sum": aggregates.total,
    "count": aggregates.count,
    "first": aggregates.first,
    "last": aggregates.last,
}
# What quarter hours tell as well; how far a counter rose and what it began at, where it only rose.
_MEASURED_IN_QUARTERS: dict[str, Callable[[Quarters, Ints], Floats]] = {
    "min": rollups.minimum,
    "max": rollups.maximum,
    "count": rollups.count,
    "first": rollups.first,
    "last": rollups.last,
    "increase": rollups.increase,
}
AGGREGATES = ("mean", *_MEASURED, "increase", "duration")
_COVERAGE_DIGITS = 4
# Of a bucket; the others are values of the Metric.
_AMOUNTS = ("sum", "count", "increase", "duration")
# Equipment may run a little over its rating for a while, and the clocks of readings jitter.
_OVERLOAD = 1.1
_WATT_HOURS = {"Wh": 1.0, "kWh": 1e3, "MWh": 1e6}


def aggregate_of(metric: Metric, asked: str | None) -> str:
    """The aggregate asked for, or the Metric's own.

    Raises DomainError naming `aggregate` where the Metric has no such thing.
    """
    if asked == "increase" and metric.type != MetricType.COUNTER:
        raise DomainError(
            f"Only a counter increases; Metric {metric.pk} ({metric.key}) is a {metric.type}.",
            code="not_a_counter",
            field="aggregate",
        )
    if asked == "duration" and metric.type != MetricType.STATE:
        raise DomainError(
            f"Only a state lasts; Metric {metric.pk} ({metric.key}) is a {metric.type}.",
            code="not_a_state",
            field="aggregate",
        )
    return asked or DEFAULT_AGGREGATES[metric.type]


class _Known(TypedDict):
    expected_interval: int
    known_until: int


@dataclass(frozen=True, slots=True)
class Summary:
    """How the readings of one Metric are summed up in the buckets of a window.

    Nothing is known of the time after `known_until`, in microseconds since the Unix epoch.
    """

    metric: Metric
    aggregate: str
    buckets: Buckets
    known_until: int

    def wanted(self, *, envelope: bool) -> Wanted | None:
        """What quarter hours would have to tell; None where the readings themselves are needed."""
        what: Literal["mean", "rise", "other"] = "other"
        if self.aggregate == "mean" and not is_direction(self.metric):
            what = "mean"
        elif self.aggregate in ("increase", "first") and self.metric.type == MetricType.COUNTER:
            what = "rise"
        elif self.aggregate not in ("min", "max", "count", "last"):
            return None
        if (self.buckets.edges[1:-1] % QUARTER).any():
            return None
        hold = HELD_INTERVALS * interval_of(self.metric)
        extremes = envelope or self.aggregate in ("min", "max")
        return Wanted(self.metric.pk, what, extremes, hold, max_rate(self.metric))

    def columns(self, found: Samples | Quarters, *, envelope: bool, fill: str) -> dict[str, Floats]:
        """`values`, `coverage` and, for an envelope, `min` and `max`: float64[buckets] each.

        NaN marks an empty bucket; only those of `values` are filled.
        """
        columns = {
            "values": self._filled(self.values(found), found, fill),
            "coverage": self.coverage(found).round(_COVERAGE_DIGITS),
        }
        if self.aggregate == "duration" and isinstance(found, Samples):
            columns |= self._durations(found)
        if envelope:
            columns["min"] = self._measured(found, "min")
            columns["max"] = self._measured(found, "max")
        return columns

    def values(self, found: Samples | Quarters) -> Floats:
        """The aggregate of each bucket, NaN where there is none."""
        if self.aggregate == "duration":
            return known_seconds(self.coverage(found), self.buckets.edges)
        if self.aggregate == "mean":
            return self._mean(found)
        if self.aggregate == "increase" and isinstance(found, Samples):
            rate = max_rate(self.metric)
            return aggregates.increase(found, self.buckets.edges, max_rate=rate)
        return self._measured(found, self.aggregate)

    def _durations(self, samples: Samples) -> dict[str, Floats]:
        """The seconds spent in each state."""
        try:
            return durations(
                samples,
                self.buckets.edges,
                expected_interval=interval_of(self.metric),
                known_until=self.known_until,
            )
        except TooManyStatesError as error:
            message = f"Metric {self.metric.pk} ({self.metric.key}) took {error} in the window; "
            raise DomainError(
                f"{message}durations are told of at most {MAX_STATES} states.",
                code="too_many_states",
                field="aggregate",
            ) from error

    def coverage(self, found: Samples | Quarters) -> Floats:
        """The share of each bucket for which a value is known, 0 to 1."""
        if isinstance(found, Quarters):
            return rollups.coverage(found, self.buckets.edges)
        return aggregates.coverage(found, self.buckets.edges, **self._known)

    @property
    def _known(self) -> _Known:
        """How long a value is known."""
        return {"expected_interval": interval_of(self.metric), "known_until": self.known_until}

    def _mean(self, found: Samples | Quarters) -> Floats:
        if isinstance(found, Quarters):
            return rollups.mean(found, self.buckets.edges)
        average = aggregates.circular_mean if is_direction(self.metric) else aggregates.mean
        return average(found, self.buckets.edges, **self._known)

    def _measured(self, found: Samples | Quarters, aggregate: str) -> Floats:
        if isinstance(found, Quarters):
            return _MEASURED_IN_QUARTERS[aggregate](found, self.buckets.edges)
        return _MEASURED[aggregate](found, self.buckets.edges)

    def _filled(self, values: Floats, found: Samples | Quarters, fill: str) -> Floats:
        """`values` with the empty buckets filled that have begun."""
        starts = self.buckets.starts
        begun = int(np.searchsorted(starts, self.known_until, side="right"))
        if fill == "previous":
            carried = fills.previous(values[:begun], self._before(found))
            return np.concatenate((carried, values[begun:]))
        if fill == "linear":
            circular = self.aggregate == "mean" and is_direction(self.metric)
            return fills.linear(values, starts, circular=circular)
        return values

    def _before(self, found: Samples | Quarters) -> float:
        """The value that stood when the window began, where the aggregate is such a value."""
        before = found.before if isinstance(found, Quarters) else found
        index = int(np.searchsorted(before.timestamps, self.buckets.edges[0])) - 1
        if index < 0 or self.aggregate in _AMOUNTS:
            return np.nan
        return float(before.values[index])


def interval_of(metric: Metric) -> int:
    """Microseconds expected between readings."""
    return metric.expected_interval * MICROS_PER_SECOND


def is_direction(metric: Metric) -> bool:
    """Whether values go round: 359° is next to 0°."""
    return metric.unit == "°" and metric.key.endswith("direction")


def max_rate(metric: Metric) -> float | None:
    """What an energy counter gains a microsecond at its Device's rated power, at most, if known."""
    rated, watt_hours = metric.device.rated_power, _WATT_HOURS.get(metric.unit)
    if not rated or watt_hours is None:
        return None
    return rated * _OVERLOAD / watt_hours / HOUR

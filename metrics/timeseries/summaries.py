"""One Metric's readings summed up in buckets: which aggregate, held how long, limited to what."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from energy.errors import DomainError
from metrics.history import aggregates
from metrics.history.arrays import Floats, Ints, Samples
from metrics.history.buckets import HOUR, Buckets
from metrics.instants import MICROS_PER_SECOND
from metrics.models import Metric
from metrics.timeseries import fills
from metrics.vocabulary import MetricType

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
AGGREGATES = ("mean", *_MEASURED, "increase")
_COVERAGE_DIGITS = 4
_AMOUNTS = ("sum", "count", "increase")  # of a bucket; the others are values of the Metric
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
    return asked or DEFAULT_AGGREGATES[metric.type]


@dataclass(frozen=True, slots=True)
class Summary:
    """How the readings of one Metric are summed up in the buckets of a window.

    Nothing is known of the time after `known_until`, in microseconds since the Unix epoch.
    """

    metric: Metric
    aggregate: str
    buckets: Buckets
    known_until: int

    def columns(self, samples: Samples, *, envelope: bool, fill: str) -> dict[str, Floats]:
        """`values`, `coverage` and, for an envelope, `min` and `max`: float64[buckets] each.

        NaN marks an empty bucket; only those of `values` are filled.
        """
        columns = {
            "values": self._filled(self.values(samples), samples, fill),
            "coverage": self.coverage(samples).round(_COVERAGE_DIGITS),
        }
        if envelope:
            columns["min"] = aggregates.minimum(samples, self.buckets.edges)
            columns["max"] = aggregates.maximum(samples, self.buckets.edges)
        return columns

    def values(self, samples: Samples) -> Floats:
        """The aggregate of each bucket, NaN where there is none."""
        edges = self.buckets.edges
        if self.aggregate in _MEASURED:
            return _MEASURED[self.aggregate](samples, edges)
        if self.aggregate == "increase":
            return aggregates.increase(samples, edges, max_rate=max_rate(self.metric))
        average = aggregates.circular_mean if is_direction(self.metric) else aggregates.mean
        return average(
            samples,
            edges,
            expected_interval=interval_of(self.metric),
            known_until=self.known_until,
        )

    def coverage(self, samples: Samples) -> Floats:
        """The share of each bucket for which a value is known, 0 to 1."""
        return aggregates.coverage(
            samples,
            self.buckets.edges,
            expected_interval=interval_of(self.metric),
            known_until=self.known_until,
        )

    def _filled(self, values: Floats, samples: Samples, fill: str) -> Floats:
        """`values` with the empty buckets filled that have begun."""
        starts = self.buckets.starts
        begun = int(np.searchsorted(starts, self.known_until, side="right"))
        if fill == "previous":
            carried = fills.previous(values[:begun], self._before(samples))
            return np.concatenate((carried, values[begun:]))
        if fill == "linear":
            circular = self.aggregate == "mean" and is_direction(self.metric)
            return fills.linear(values, starts, circular=circular)
        return values

    def _before(self, samples: Samples) -> float:
        """The value that stood when the window began, where the aggregate is such a value."""
        index = int(np.searchsorted(samples.timestamps, self.buckets.edges[0])) - 1
        if index < 0 or self.aggregate in _AMOUNTS:
            return np.nan
        return float(samples.values[index])


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

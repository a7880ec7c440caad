"""The history of Metrics summed up in buckets: which aggregate, from which series."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from energy.errors import DomainError
from history import get_store
from history.arrays import Floats
from history.buckets import Buckets
from history.counters import NO_RULES
from history.rules import lookback_of_metric, rules_of
from history.series import BucketedSeries, SampleSeries
from history.store import SeriesQuery
from metrics.models import Metric
from metrics.vocabulary import MetricType
from timeseries import fills
from timeseries.durations import MAX_STATES, TooManyStatesError, durations, known_seconds

Columns = dict[str, Floats]

DEFAULT_AGGREGATES: dict[str, str] = {
    MetricType.GAUGE: "mean",
    MetricType.COUNTER: "increase",
    MetricType.INTERVAL: "sum",
    MetricType.STATE: "last",
}
_METHODS = {
    "mean": "mean",
    "min": "minimum",
    "max": "maximum",
    "sum": "total",
    "count": "count",
    "first": "first",
    "last": "last",
    "increase": "increase",
}
AGGREGATES = (*_METHODS, "duration")
_COVERAGE_DIGITS = 4
# Of a bucket; the others are values of the Metric.
_AMOUNTS = ("sum", "count", "increase", "duration")


def aggregate_of(metric: Metric, name: str | None) -> str:
    """The aggregate of that name, or by default the Metric's own.

    Raises DomainError naming `aggregate` where the Metric has no such thing.
    """
    if name == "increase" and metric.type != MetricType.COUNTER:
        raise DomainError(
            f"Only a counter increases; Metric {metric.pk} ({metric.key}) is a {metric.type}.",
            code="not_a_counter",
            field="aggregate",
        )
    if name == "duration" and metric.type != MetricType.STATE:
        raise DomainError(
            f"Only a state lasts; Metric {metric.pk} ({metric.key}) is a {metric.type}.",
            code="not_a_state",
            field="aggregate",
        )
    return name or DEFAULT_AGGREGATES[metric.type]


@dataclass(frozen=True, slots=True)
class Summary:
    """How the readings of one Metric are summed up in the buckets of a window.

    Nothing is known of the time after `known_until`, in microseconds since the Unix epoch.
    """

    metric: Metric
    aggregate: str
    buckets: Buckets
    known_until: int

    def query(self, *, envelope: bool) -> SeriesQuery:
        """What its series has to tell."""
        extremes = envelope or self.aggregate in ("min", "max")
        lookback = lookback_of_metric(self.metric)
        rules = rules_of(self.metric) or NO_RULES
        return SeriesQuery(self.metric.pk, self._needs, extremes, lookback, rules)

    @property
    def _needs(self) -> Literal["mean", "increase", "readings", "other"]:
        if self.aggregate == "mean" and not is_direction(self.metric):
            return "mean"
        if self.aggregate == "increase":
            return "increase"
        return "other" if self.aggregate in ("min", "max", "count", "last") else "readings"

    def columns(self, series: BucketedSeries, *, envelope: bool, fill: str) -> Columns:
        """`values`, `coverage` and, for an envelope, `min` and `max`: float64[buckets] each.

        NaN marks an empty bucket; only those of `values` are filled.
        """
        columns = {
            "values": self._filled(series, fill),
            "coverage": self._coverage(series).round(_COVERAGE_DIGITS),
        }
        if self.aggregate == "duration" and isinstance(series, SampleSeries):
            columns |= self._durations(series)
        if envelope:
            columns["min"], columns["max"] = series.minimum(), series.maximum()
        return columns

    def values(self, series: BucketedSeries) -> Floats:
        """The aggregate of each bucket, NaN where there is none."""
        if self.aggregate == "duration":
            return known_seconds(series.coverage(), self.buckets.edges)
        if self.adds_intervals and isinstance(series, SampleSeries):
            return series.amounts()
        method = "circular_mean" if self._is_circular else _METHODS[self.aggregate]
        values: Floats = getattr(series, method)()
        return values

    @property
    def adds_intervals(self) -> bool:
        """Whether the amounts of intervals are added up."""
        return self.aggregate == "sum" and self.metric.type == MetricType.INTERVAL

    def _coverage(self, series: BucketedSeries) -> Floats:
        if self.adds_intervals and isinstance(series, SampleSeries):
            return series.amounts_coverage()
        if self.aggregate == "increase":
            return series.increase_coverage()
        return series.coverage()

    @property
    def _is_circular(self) -> bool:
        return self.aggregate == "mean" and is_direction(self.metric)

    def _durations(self, series: SampleSeries) -> Columns:
        """The seconds spent in each state."""
        try:
            return durations(series)
        except TooManyStatesError as error:
            message = f"Metric {self.metric.pk} ({self.metric.key}) took {error} in the window; "
            raise DomainError(
                f"{message}durations are told of at most {MAX_STATES} states.",
                code="too_many_states",
                field="aggregate",
            ) from error

    def _filled(self, series: BucketedSeries, fill: str) -> Floats:
        """The values with those empty buckets filled that begin before `known_until`."""
        values, starts = self.values(series), self.buckets.starts
        begun = int(np.searchsorted(starts, self.known_until, side="right"))
        if fill == "previous":
            before = np.nan if self.aggregate in _AMOUNTS else series.before
            return np.concatenate((fills.previous(values[:begun], before), values[begun:]))
        if fill == "linear":
            return fills.linear(values, starts, circular=self._is_circular)
        return values


def columns_of(summaries: Sequence[Summary], *, envelope: bool, fill: str) -> Iterator[Columns]:
    """The columns of each summary, which all have the same buckets, from the history store.

    One block of Metrics of each kind is in memory at a time.
    """
    if not summaries:
        return
    queries = [summary.query(envelope=envelope) for summary in summaries]
    first = summaries[0]
    series = get_store().read_series(queries, first.buckets.edges, known_until=first.known_until)
    for summary, (_, each) in zip(summaries, series, strict=True):
        yield summary.columns(each, envelope=envelope, fill=fill)


def is_direction(metric: Metric) -> bool:
    """Whether values go round: 359° is next to 0°."""
    return metric.unit == "°" and metric.key.endswith("direction")

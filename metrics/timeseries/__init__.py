"""The history of Metrics over a window, raw or in buckets: what is asked, and the answer."""

from metrics.timeseries.answers import Series, TimeSeries, answer
from metrics.timeseries.labels import encoded
from metrics.timeseries.queries import CHOICES, DEFAULT_POINTS, MAX_POINTS, TimeSeriesQuery
from metrics.timeseries.summaries import AGGREGATES

__all__ = [
    "AGGREGATES",
    "CHOICES",
    "DEFAULT_POINTS",
    "MAX_POINTS",
    "Series",
    "TimeSeries",
    "TimeSeriesQuery",
    "answer",
    "encoded",
]

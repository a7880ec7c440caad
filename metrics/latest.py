"""The latest values of Metrics, as the API returns them."""

from collections.abc import Callable
from datetime import datetime
from functools import cache
from typing import Any

import msgspec
from django.db.models import ExpressionWrapper, F, Field, Max
from django.db.models.functions import Least

from energy.instants import MICROS_PER_SECOND, from_micros, to_micros
from metrics.freshness import Freshness, freshness
from metrics.models import Latest, Metric
from metrics.querysets import MetricQuerySet

# Without their own field type Django does not convert each of them.
_INSTANTS = [
    ExpressionWrapper(F(f"latest__{name}"), Field())
    for name in ("timestamp", "received_at", "ahead_until")
]


class LatestValue(msgspec.Struct, kw_only=True):
    """The newest reading of a Metric in its `unit`; without one, value, times and age are None.

    `clock_ahead_until` is there only while the Device's clock has dated readings up to an instant
    that is still to come: these wait, and do not hide what is measured now.
    """

    value: float | None = None
    timestamp: datetime | None = None
    received_at: datetime | None = None
    unit: str
    age_seconds: float | None = None
    state: Freshness = Freshness.NEVER
    clock_ahead_until: datetime | msgspec.UnsetType = msgspec.UNSET


class MetricLatest(LatestValue, kw_only=True):
    """A latest value with the id of its Metric."""

    metric: int


class LatestValues(msgspec.Struct):
    """Latest values of several Metrics."""

    results: list[MetricLatest]


def latest_value(metric: Metric, now: datetime) -> LatestValue:
    """The latest value of one Metric at `now`."""
    latest = getattr(metric, "latest", None)
    if latest is None:
        return LatestValue(unit=metric.unit)
    return LatestValue(
        value=latest.value,
        timestamp=latest.timestamp,
        received_at=latest.received_at,
        unit=metric.unit,
        age_seconds=latest.age_seconds(now),
        state=freshness(latest.age_seconds(now), metric.expected_interval),
        clock_ahead_until=latest.clock_ahead_until(now) or msgspec.UNSET,
    )


def latest_values(metrics: MetricQuerySet, now: datetime) -> LatestValues:
    """The latest values of `metrics` at `now`, in one query that creates no model instances."""
    columns = ("pk", "unit", "expected_interval", "latest__value")
    rows = metrics.values_list(*columns, *_INSTANTS)
    # Many Metrics share their instants, because their readings arrive together.
    until, instant_of = to_micros(now), cache(from_micros)
    return LatestValues([_metric_latest(row, until, instant_of) for row in rows])


def _metric_latest(
    row: tuple[Any, ...], until: int, instant_of: Callable[[int], datetime]
) -> MetricLatest:
    metric, unit, interval, value, timestamp, received_at, ahead_until = row
    if timestamp is None:
        return MetricLatest(metric=metric, unit=unit)
    age = max(0, until - min(timestamp, received_at)) / MICROS_PER_SECOND
    return MetricLatest(
        metric=metric,
        value=value,
        timestamp=instant_of(timestamp),
        received_at=instant_of(received_at),
        unit=unit,
        age_seconds=age,
        state=freshness(age, interval),
        clock_ahead_until=instant_of(ahead_until) if (ahead_until or 0) > until else msgspec.UNSET,
    )


def newest_measurement() -> datetime | None:
    """When the newest of all readings was measured, or received where that was earlier.

    So neither a Device's clock that is ahead nor the server's own decides it alone.
    """
    newest = Latest.objects.aggregate(newest=Max(Least("timestamp", "received_at")))
    at: datetime | None = newest["newest"]
    return at

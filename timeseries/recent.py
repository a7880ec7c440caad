"""Metrics and Devices as pages show them: newest value, direction, and a line of recent history.

However many are shown, the number of queries stays the same.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from devices.models import Device
from energy.errors import HistoryAway
from metrics.freshness import Freshness
from metrics.latest import LatestValue, latest_value
from metrics.models import Metric
from metrics.quantities import direction
from metrics.vocabulary import headline
from timeseries.answers import answer
from timeseries.queries import TimeSeriesQuery

RECENT = timedelta(hours=6)
RECENT_RESOLUTION = "15m"
_FRESHEST_FIRST = (Freshness.LIVE, Freshness.LATE, Freshness.STALE, Freshness.NEVER)


@dataclass(slots=True)
class MetricRow:
    """A Metric with its newest value; `recent` holds six hours of quarter hours, None unknown."""

    metric: Metric
    latest: LatestValue
    recent: Sequence[float | None] = ()

    @property
    def direction(self) -> str:
        """The word for the value's sign, where a power flows both ways."""
        return direction(self.metric.device.kind, self.metric.key, self.latest.value)

    @property
    def shown_value(self) -> float | None:
        """The newest value, without its sign where a word says it."""
        value = self.latest.value
        return abs(value) if value is not None and self.direction else value


@dataclass(slots=True)
class DeviceRow:
    """A Device with its Metrics."""

    device: Device
    metrics: list[MetricRow]

    @property
    def headline(self) -> MetricRow | None:
        """The Metric that stands for the Device: its kind's headline, else its first."""
        key = headline(self.device.kind).key
        named = (row for row in self.metrics if row.metric.key == key)
        return next(named, self.metrics[0] if self.metrics else None)

    @property
    def state(self) -> Freshness:
        """The state of its freshest Metric: a Device reports while any of its Metrics does."""
        states = {row.latest.state for row in self.metrics}
        return next((state for state in _FRESHEST_FIRST if state in states), Freshness.NEVER)

    @property
    def measured_at(self) -> datetime | None:
        """When its newest value was measured."""
        times = [row.latest.timestamp for row in self.metrics if row.latest.timestamp]
        return max(times, default=None)

    @property
    def clock_ahead_until(self) -> datetime | None:
        """Up to when its clock has dated readings that is still to come, if it has."""
        times = [row.latest.clock_ahead_until for row in self.metrics]
        return max((time for time in times if isinstance(time, datetime)), default=None)


def metric_rows(metrics: Iterable[Metric], now: datetime) -> list[MetricRow]:
    """Rows of `metrics`, which were fetched `with_latest()`, with their recent history."""
    rows = [MetricRow(metric, latest_value(metric, now)) for metric in metrics]
    _add_recent(rows, now)
    return rows


def device_rows(devices: Iterable[Device], now: datetime) -> list[DeviceRow]:
    """Rows of `devices` with all their Metrics; recent history of the headlines only."""
    by_id: dict[int, DeviceRow] = {device.pk: DeviceRow(device, []) for device in devices}
    for metric in Metric.objects.filter(device__in=by_id).with_latest():
        by_id[metric.device_id].metrics.append(MetricRow(metric, latest_value(metric, now)))
    rows = list(by_id.values())
    _add_recent([row.headline for row in rows if row.headline], now)
    return rows


def _add_recent(rows: Sequence[MetricRow], now: datetime) -> None:
    if not rows:
        return
    query = TimeSeriesQuery(start=now - RECENT, end=now, resolution=RECENT_RESOLUTION)
    try:
        series = answer([row.metric for row in rows], query, now)["series"]
    except HistoryAway:
        return  # The page does without the lines: its rows matter.
    for row, recent in zip(rows, series, strict=True):
        row.recent = recent["values"]

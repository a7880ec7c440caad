"""The newest readings of Metrics, as streams are told of them."""

from collections.abc import Collection
from typing import NamedTuple

from django.db.models import ExpressionWrapper, F, Field

from energy.instants import from_micros
from live.frames import LiveReading
from metrics.models import Metric
from metrics.querysets import MetricQuerySet

# Plain integers: Django would make an object of each.
_INSTANTS = [
    ExpressionWrapper(F(f"latest__{name}"), Field()) for name in ("timestamp", "received_at")
]


class Newest(NamedTuple):
    """The newest reading of a Metric; instants in microseconds since the Unix epoch."""

    metric: int
    value: float
    unit: str
    timestamp: int
    received_at: int

    def reading(self) -> LiveReading:
        """The same as a client is told it."""
        return LiveReading(self.metric, from_micros(self.timestamp), self.value, self.unit)


def newest_of(metrics: Collection[int]) -> list[Newest]:
    """The newest reading of each of these Metrics that has one.

    The ids come from a query for what somebody sees (`live.feeds`).
    """
    return _rows(Metric.objects.among(metrics).filter(latest__isnull=False))


def received_since(instant: int) -> list[Newest]:
    """The newest reading of each Metric whose newest one arrived at `instant` or later.

    Reads all of the table. An index on `received_at` would be written with every reading, and
    PostgreSQL could no longer update the rows in place.
    """
    return _rows(Metric.objects.filter(latest__received_at__gte=instant))


def _rows(metrics: MetricQuerySet) -> list[Newest]:
    rows = metrics.order_by().values_list("pk", "latest__value", "unit", *_INSTANTS)
    return [Newest(*row) for row in rows]

"""Readings for tests, through the one door."""

from datetime import datetime

from energy.instants import to_micros
from history.arrays import ReadingBatch
from ingest.door import store_readings
from metrics.models import Metric


def store(metric: Metric, readings: dict[datetime, float], *, now: datetime | None = None) -> None:
    """Store `readings`, received at `now`, or at the newest of them."""
    batch = ReadingBatch.of(
        [metric.pk] * len(readings), [to_micros(at) for at in readings], list(readings.values())
    )
    store_readings(batch, now=now or max(readings))

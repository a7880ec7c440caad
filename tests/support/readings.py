"""Readings for tests, through the one door."""

from datetime import datetime

import numpy as np

from energy.instants import to_micros
from history.arrays import ReadingBatch
from ingest.door import receive_readings
from ingest.parsed import ParsedReadings
from ingest.sender import OPERATOR, Sender
from metrics.models import Metric


def store_readings(batch: ReadingBatch, *, now: datetime) -> int:
    """Send a batch as somebody who sees all Metrics; returns how many readings were accepted."""
    identities, of_identity = np.unique(batch.metric_ids, return_inverse=True)
    parsed = ParsedReadings(
        identities.tolist(), of_identity, batch.timestamps, batch.values, np.arange(len(batch))
    )
    sender = Sender(OPERATOR)
    return receive_readings(parsed, sender=sender, now=now, partial=True).accepted


def store(metric: Metric, readings: dict[datetime, float], *, now: datetime | None = None) -> None:
    """Store `readings`, received at `now`, or at the newest of them."""
    batch = ReadingBatch.of(
        [metric.pk] * len(readings), [to_micros(at) for at in readings], list(readings.values())
    )
    store_readings(batch, now=now or max(readings))

"""Wakes the live process up after readings were stored."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from django.db import connection
from django.dispatch import receiver

from history.arrays import ReadingBatch
from ingest.signals import readings_stored

CHANNEL = "energy_readings"
# PostgreSQL takes 8,000 bytes, and an id has up to 19 digits and a comma.
_IDS_AT_A_TIME = 390


@receiver(readings_stored)
def notify(batch: ReadingBatch, **kwargs: Any) -> None:
    """Name the Metrics that have new readings on PostgreSQL's channel; SQLite has none.

    The readings are committed by now. A notification that is lost delays them, because the live
    process looks for itself every few seconds.
    """
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        for payload in _payloads(batch):
            cursor.execute("SELECT pg_notify(%s, %s)", [CHANNEL, payload])


def _payloads(batch: ReadingBatch) -> Iterator[str]:
    ids = np.unique(batch.metric_ids).tolist()
    for begin in range(0, len(ids), _IDS_AT_A_TIME):
        yield ",".join(map(str, ids[begin : begin + _IDS_AT_A_TIME]))

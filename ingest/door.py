"""The one door for readings: whatever brings them, they are stored here and nowhere else."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import repeat
from typing import Any

import numpy as np
from django.db import connection, transaction

from energy.instants import to_micros
from history import get_store
from history.arrays import ReadingBatch
from ingest.checking import check_readings
from ingest.locking import held
from ingest.parsed import ParsedReadings, Rejection
from ingest.signals import readings_stored
from metrics.models import Metric

# An equal timestamp moves Latest too: the last write wins here as it does in the history.
_MOVE_LATEST = """
    INSERT INTO metrics_latest (metric_id, value, timestamp, received_at)
    {rows}
    ON CONFLICT (metric_id) DO UPDATE SET
        value = excluded.value, timestamp = excluded.timestamp, received_at = excluded.received_at
    WHERE excluded.timestamp >= metrics_latest.timestamp
"""
_ROWS_OF_ARRAYS = "SELECT *, %s FROM unnest(%s, %s, %s) AS newest (metric_id, value, timestamp)"
_ROWS_OF_VALUES = "VALUES (%s, %s, %s, %s)"


@dataclass(frozen=True, slots=True)
class Received:
    """How many readings of a request were stored, and which were refused, in the order sent."""

    accepted: int
    rejections: list[Rejection]


@transaction.atomic
def receive_readings(
    parsed: ParsedReadings, *, user: Any, now: datetime, partial: bool
) -> Received:
    """Check what a request of `user` brings, and store all of it or, with `partial`, what is good.

    Unless `partial`, one bad reading refuses all. Stores as `store_readings` does, with the
    statement that finds the Metrics holding them.
    """
    checked = check_readings(parsed, user=user, now=now)
    if checked.rejections and not partial:
        return Received(0, checked.rejections)
    accepted = _store_held(checked.batch, get_store().append, now)
    return Received(accepted, checked.rejections)


def store_readings(batch: ReadingBatch, *, now: datetime) -> int:
    """Store readings and move the latest values, in one transaction; then tell the layers above.

    `now` is when they were received. The last of several readings of one Metric and instant wins,
    within the batch and against what is stored. Readings of a Metric that was deleted meanwhile
    are dropped. Returns how many of the batch's readings were taken, repeated ones included; once
    it has returned outside a transaction they are committed. `readings_stored` is sent after the
    commit, and a receiver that fails cannot undo it.
    """
    return _store(batch, get_store().append, now)


def store_history(batch: ReadingBatch, *, now: datetime) -> int:
    """Like `store_readings`, for many readings of the past: those of days past go straight to rest.

    Worth it where a batch holds whole days of its Metrics.
    """
    return _store(batch, partial(get_store().append_history, now=to_micros(now)), now)


def _store(batch: ReadingBatch, append: Callable[[ReadingBatch], None], now: datetime) -> int:
    with transaction.atomic():
        asked = np.unique(batch.metric_ids)
        existing = held(Metric.objects.among(asked.tolist()))
        if existing.size < asked.size:
            batch = batch.where(np.isin(batch.metric_ids, existing))
        return _store_held(batch, append, now)


def _store_held(batch: ReadingBatch, append: Callable[[ReadingBatch], None], now: datetime) -> int:
    if len(batch):
        readings = batch.deduplicated()
        append(readings)
        _move_latest(readings, to_micros(now))
        announce = partial(readings_stored.send_robust, sender=None, batch=readings)
        transaction.on_commit(announce)
    return len(batch)


def _move_latest(readings: ReadingBatch, received_at: int) -> None:
    """Move Latest to each Metric's newest of these readings, unless it is newer already."""
    newest = np.flatnonzero(np.append(np.diff(readings.metric_ids) != 0, True))
    columns = [
        column[newest] for column in (readings.metric_ids, readings.values, readings.timestamps)
    ]
    if connection.vendor == "postgresql":
        from history.relational import postgresql

        postgresql.execute(_MOVE_LATEST.format(rows=_ROWS_OF_ARRAYS), received_at, *columns)
    else:
        rows = list(zip(*(column.tolist() for column in columns), repeat(received_at)))
        with connection.cursor() as cursor:
            cursor.executemany(_MOVE_LATEST.format(rows=_ROWS_OF_VALUES), rows)

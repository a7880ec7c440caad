"""The one door for readings: whatever brings them, they are stored here and nowhere else."""

import json
from collections.abc import Callable
from datetime import datetime
from functools import partial
from itertools import repeat

import numpy as np
from django.db import connection, transaction

from metrics.history import get_store
from metrics.history.arrays import Ints, ReadingBatch
from metrics.instants import to_micros
from metrics.signals import readings_stored

# A Metric's row is held until the commit, so that it cannot be deleted under its new readings.
# In the order of ids, as deleting does: two who want the same rows wait, they never deadlock.
# KEY SHARE lets other writers of readings, and edits of the Metric, pass.
_HOLD_ON_POSTGRESQL = "SELECT id FROM metrics_metric WHERE id = ANY(%s) ORDER BY id FOR KEY SHARE"
# SQLite has one writer at a time: what is there at the beginning stays till the end.
_HELD_ON_SQLITE = "SELECT id FROM metrics_metric WHERE id IN (SELECT value FROM json_each(%s))"
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
        kept = _of_existing_metrics(batch)
        if not len(kept):
            return 0
        readings = kept.deduplicated()
        append(readings)
        _move_latest(readings, to_micros(now))
        announce = partial(readings_stored.send_robust, sender=None, batch=readings)
        transaction.on_commit(announce)
    return len(kept)


def _of_existing_metrics(batch: ReadingBatch) -> ReadingBatch:
    asked = np.unique(batch.metric_ids)
    existing = _held_metrics(asked)
    if existing.size == asked.size:
        return batch
    kept = np.isin(batch.metric_ids, existing)
    return ReadingBatch(batch.metric_ids[kept], batch.timestamps[kept], batch.values[kept])


def _held_metrics(metric_ids: Ints) -> Ints:
    if connection.vendor == "postgresql":
        from metrics.history import postgresql

        rows = postgresql.execute(_HOLD_ON_POSTGRESQL, metric_ids)
    else:
        with connection.cursor() as cursor:
            cursor.execute(_HELD_ON_SQLITE, [json.dumps(metric_ids.tolist())])
            rows = cursor.fetchall()
    return np.array([row[0] for row in rows], np.int64)


def _move_latest(readings: ReadingBatch, received_at: int) -> None:
    """Move Latest to each Metric's newest of these readings, unless it is newer already."""
    newest = np.flatnonzero(np.append(np.diff(readings.metric_ids) != 0, True))
    columns = [
        column[newest] for column in (readings.metric_ids, readings.values, readings.timestamps)
    ]
    if connection.vendor == "postgresql":
        from metrics.history import postgresql

        postgresql.execute(_MOVE_LATEST.format(rows=_ROWS_OF_ARRAYS), received_at, *columns)
    else:
        rows = list(zip(*(column.tolist() for column in columns), repeat(received_at)))
        with connection.cursor() as cursor:
            cursor.executemany(_MOVE_LATEST.format(rows=_ROWS_OF_VALUES), rows)

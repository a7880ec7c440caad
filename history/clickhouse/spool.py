"""Readings on their way to a store outside this database: durable, and readable meanwhile.

The hot rows are the spool. Readings are written there in the caller's transaction, with Latest,
and moved on in blocks; a reading leaves only after the store outside has acknowledged it. The
numbers of `Version` order all that is written outside:

- A mover takes a number, then reads rows, writes them outside under that number, and removes those
  that still hold the value it has written, provided the clock has not moved on meanwhile. Stopped
  anywhere, it leaves each reading in at least one place, and writing it again changes nothing.
- A deletion takes a number, removes the rows it covers and is recorded. Until it was carried out
  outside, reads leave out what it covers, by number: late writers cannot bring anything back.
- A bulk write takes a number and gives the rows it overwrites its values, then writes outside.
"""

import time
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from django.db import connection, transaction
from django.db.models import Q, QuerySet

from history.arrays import ReadingBatch
from history.merge import batch_of
from history.models import Reading, Tombstone, Version
from history.relational.backend import database

# Rows moved, and locked, at once: well above the 10,000 below which ClickHouse's parts get small.
BLOCK = 50_000
KEYS_AT_ONCE = 5_000  # named in one query, of some 150 KB
LOWEST, HIGHEST = -(2**63), 2**63 - 1
_ONLY = 1  # the primary key of the one row

_BLOCK_ON_POSTGRESQL = """
    SELECT array_agg(metric_id), array_agg(timestamp), array_agg(value)
    FROM (
        SELECT metric_id, timestamp, value FROM history_reading
        WHERE (metric_id, timestamp) > (%s, %s)
        ORDER BY metric_id, timestamp LIMIT %s) AS block
    HAVING count(*) > 0
"""
_BLOCK_ON_SQLITE = """
    SELECT metric_id, timestamp, value FROM history_reading
    WHERE (metric_id, timestamp) > (%s, %s)
    ORDER BY metric_id, timestamp LIMIT %s
"""
# Rows are locked in the order in which writers lock them: they wait, they never deadlock.
_REMOVE_ON_POSTGRESQL = """
    WITH moved AS (
        SELECT r.metric_id, r.timestamp
        FROM history_reading AS r JOIN unnest(%s, %s, %s) AS m (metric_id, timestamp, value)
            ON r.metric_id = m.metric_id AND r.timestamp = m.timestamp AND r.value = m.value
        ORDER BY r.metric_id, r.timestamp FOR UPDATE OF r)
    DELETE FROM history_reading AS r USING moved
    WHERE r.metric_id = moved.metric_id AND r.timestamp = moved.timestamp
"""
_REMOVE_ON_SQLITE = (
    "DELETE FROM history_reading WHERE metric_id = %s AND timestamp = %s AND value = %s"
)
_OVERWRITE_ON_POSTGRESQL = """
    WITH known AS (
        SELECT r.metric_id, r.timestamp, b.value
        FROM history_reading AS r JOIN unnest(%s, %s, %s) AS b (metric_id, timestamp, value)
            ON r.metric_id = b.metric_id AND r.timestamp = b.timestamp
        ORDER BY r.metric_id, r.timestamp FOR UPDATE OF r)
    UPDATE history_reading AS r SET value = known.value FROM known
    WHERE r.metric_id = known.metric_id AND r.timestamp = known.timestamp
"""
_OVERWRITE_ON_SQLITE = (
    "UPDATE history_reading SET value = %s WHERE metric_id = %s AND timestamp = %s"
)
_ROW = np.dtype([("metric_id", np.int64), ("timestamp", np.int64), ("value", np.float64)])


def next_version() -> int:
    """Take the next number, in the caller's transaction; others who want one wait for its end.

    At least the microseconds since the epoch, so that a database restored from a backup does not
    count below what was written outside after that backup.
    """
    with transaction.atomic():
        clock, _ = Version.objects.select_for_update().get_or_create(
            pk=_ONLY, defaults={"version": 0}
        )
        clock.version = max(clock.version + 1, time.time_ns() // 1000)
        clock.save(update_fields=["version"])
    return clock.version


def blocks() -> Iterator[ReadingBatch]:
    """All rows by Metric id, then time, in blocks; rows written behind the position come too."""
    position = (LOWEST, LOWEST)
    while len(batch := _block(position)):
        yield batch
        position = (int(batch.metric_ids[-1]), int(batch.timestamps[-1]))


def keys(
    metric_ids: Sequence[int] | None, start: int | None, end: int | None
) -> Iterator[ReadingBatch]:
    """The rows of these Metrics (None: of all) in the window, in blocks that a query can name."""
    low = LOWEST if start is None else start
    high = HIGHEST if end is None else end
    found = blocks() if metric_ids is None else [batch_of(database().select(metric_ids, low, high))]
    for batch in found:
        inside = batch.where((batch.timestamps >= low) & (batch.timestamps < high))
        yield from parts(inside, KEYS_AT_ONCE)


def parts(batch: ReadingBatch, size: int) -> Iterator[ReadingBatch]:
    """The readings of a batch, at most `size` at a time."""
    for begin in range(0, len(batch), size):
        part = slice(begin, begin + size)
        yield ReadingBatch(batch.metric_ids[part], batch.timestamps[part], batch.values[part])


def remove(batch: ReadingBatch, version: int) -> bool:
    """Remove the rows of `batch` that hold its values still, if `version` is the newest number.

    Returns False, and removes nothing, when it is not: a deletion or another mover came between.
    """
    with transaction.atomic():
        newest = Version.objects.select_for_update().filter(pk=_ONLY, version=version)
        if not newest.exists():
            return False
        if connection.vendor == "postgresql":
            _execute(_REMOVE_ON_POSTGRESQL, batch.metric_ids, batch.timestamps, batch.values)
        else:
            _execute_many(_REMOVE_ON_SQLITE, batch.metric_ids, batch.timestamps, batch.values)
    return True


def overwrite(batch: ReadingBatch) -> None:
    """Give the rows that exist of de-duplicated readings the values of `batch`; add none."""
    if connection.vendor == "postgresql":
        _execute(_OVERWRITE_ON_POSTGRESQL, batch.metric_ids, batch.timestamps, batch.values)
    else:
        _execute_many(_OVERWRITE_ON_SQLITE, batch.values, batch.metric_ids, batch.timestamps)


def record_deletion(metric_ids: Sequence[int] | None, start: int | None, end: int | None) -> None:
    """Delete the rows of these Metrics (None: of all) in the window, and the same outside."""
    with transaction.atomic():
        version = next_version()
        rows = Reading.objects.all()
        if metric_ids is not None:
            rows = rows.filter(metric_id__in=metric_ids)
        if start is not None:
            rows = rows.filter(timestamp__gte=start)
        if end is not None:
            rows = rows.filter(timestamp__lt=end)
        rows.delete()
        _covered_by(metric_ids, start, end).delete()
        Tombstone.objects.bulk_create(
            Tombstone(version=version, metric_id=metric_id, start=start, end=end)
            for metric_id in ([None] if metric_ids is None else metric_ids)
        )


def deletions(metric_ids: Sequence[int] | None) -> list[Tombstone]:
    """What is recorded as deleted of these Metrics (None: of any)."""
    if metric_ids is None:
        return list(Tombstone.objects.all())
    return list(Tombstone.objects.filter(Q(metric_id=None) | Q(metric_id__in=metric_ids)))


def _covered_by(
    metric_ids: Sequence[int] | None, start: int | None, end: int | None
) -> QuerySet[Tombstone]:
    """What was deleted before, and is again by a deletion of this window."""
    earlier = Tombstone.objects.all()
    if metric_ids is not None:
        earlier = earlier.filter(metric_id__in=metric_ids)
    if start is not None:
        earlier = earlier.filter(start__gte=start)
    if end is not None:
        earlier = earlier.filter(end__lte=end)
    return earlier


def _block(position: tuple[int, int]) -> ReadingBatch:
    if connection.vendor == "postgresql":
        from history.relational import postgresql

        rows = postgresql.execute(_BLOCK_ON_POSTGRESQL, *position, BLOCK)
        return ReadingBatch(*rows[0]) if rows else ReadingBatch.of([], [], [])
    with connection.cursor() as cursor:
        cursor.execute(_BLOCK_ON_SQLITE, [*position, BLOCK])
        table = np.fromiter(cursor, _ROW)
    return ReadingBatch(*(np.ascontiguousarray(table[name]) for name in _ROW.names or ()))


def _execute(statement: str, *parameters: Any) -> None:
    from history.relational import postgresql

    postgresql.execute(statement, *parameters)


def _execute_many(statement: str, *columns: Any) -> None:
    rows = list(zip(*(column.tolist() for column in columns), strict=True))
    with connection.cursor() as cursor:
        cursor.executemany(statement, rows)

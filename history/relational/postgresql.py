"""History on PostgreSQL: arrays go in and come out in its binary formats, no Python number made.

Layouts: PostgreSQL's manual, "COPY", "Binary Format"; arrays as written by array_send() in
src/backend/utils/adt/arrayfuncs.c.
"""

import struct
from collections.abc import Sequence
from typing import Any

import numpy as np
import psycopg
from django.db import IntegrityError, connection, transaction
from numpy.typing import NDArray
from psycopg.adapt import Dumper, Loader, PyFormat
from psycopg.pq import Format

from history.arrays import ReadingBatch, Samples
from history.store import NEIGHBOURS_BEFORE

# From here on COPY is faster than an INSERT, though it must be repeated when a row exists already.
COPY_FROM = 500

_UPSERT = """
    INSERT INTO history_reading AS r (metric_id, timestamp, value)
    SELECT * FROM unnest(%s, %s, %s)
    ON CONFLICT (metric_id, timestamp) DO UPDATE SET value = excluded.value
    WHERE r.value IS DISTINCT FROM excluded.value
"""
_VALUE = "SELECT value FROM history_reading WHERE metric_id = %s AND timestamp = %s"
# What lies where a batch's readings of each Metric would, and no more than one beyond their number.
_IN_PLACE_OF = """
    SELECT array_agg(wanted.metric_id), array_agg(found.timestamp), array_agg(found.value)
    FROM unnest(%s, %s, %s, %s) AS wanted (metric_id, first, last, n) CROSS JOIN LATERAL (
        SELECT timestamp, value FROM history_reading
        WHERE metric_id = wanted.metric_id AND timestamp BETWEEN wanted.first AND wanted.last
        ORDER BY timestamp LIMIT wanted.n + 1) AS found
    HAVING count(*) > 0
"""
_COPY = "COPY history_reading (metric_id, timestamp, value) FROM STDIN (FORMAT BINARY)"
_SELECT = """
    SELECT wanted.metric_id, found.timestamps, found.values
    FROM unnest(%s) AS wanted (metric_id) CROSS JOIN LATERAL (
        SELECT array_agg(timestamp) AS timestamps, array_agg(value) AS values
        FROM (
            SELECT timestamp, value FROM history_reading
            WHERE metric_id = wanted.metric_id AND timestamp >= %s AND timestamp < %s
            ORDER BY timestamp) AS ordered) AS found
    WHERE found.timestamps IS NOT NULL
"""
# Sorting by position first lets the planner sort Metric by Metric and stop at the limit.
_SELECT_FIRST = """
    SELECT array_agg(metric_id), array_agg(timestamp), array_agg(value)
    FROM (
        SELECT wanted.metric_id, found.timestamp, found.value
        FROM unnest(%s) WITH ORDINALITY AS wanted (metric_id, position) CROSS JOIN LATERAL (
            SELECT timestamp, value FROM history_reading
            WHERE metric_id = wanted.metric_id AND timestamp >= %s AND timestamp < %s
            ORDER BY timestamp LIMIT %s) AS found
        ORDER BY wanted.position, found.timestamp LIMIT %s) AS ordered
    HAVING count(*) > 0
"""
_NEIGHBOURS = f"""
    SELECT array_agg(wanted.metric_id), array_agg(found.timestamp), array_agg(found.value)
    FROM unnest(%s) AS wanted (metric_id) CROSS JOIN LATERAL (
        (SELECT timestamp, value FROM history_reading
         WHERE metric_id = wanted.metric_id AND timestamp < %s
         ORDER BY timestamp DESC LIMIT {NEIGHBOURS_BEFORE})
        UNION ALL
        (SELECT timestamp, value FROM history_reading
         WHERE metric_id = wanted.metric_id AND timestamp >= %s
         ORDER BY timestamp LIMIT 1)) AS found
    HAVING count(*) > 0
"""  # noqa: S608 - the only thing formatted in is a constant
_REMOVE = """
    DELETE FROM history_reading AS r USING unnest(%s) AS wanted (metric_id)
    WHERE r.metric_id = wanted.metric_id AND r.timestamp >= %s AND r.timestamp < %s
"""
# Returning what was deleted reads and deletes in one: a correction that lands before is among it,
# and one that lands later waits, and is a new row.
_TAKE = f"""
    WITH taken AS ({_REMOVE} RETURNING r.metric_id, r.timestamp, r.value)
    SELECT array_agg(metric_id), array_agg(timestamp), array_agg(value) FROM taken
    HAVING count(*) > 0
"""  # noqa: S608 - the only thing formatted in is a constant
# Rows are then deleted in the order of the key, in which writers update them: no deadlock.
_BY_KEY = "SELECT " + ", ".join(
    f"set_config('enable_{way}', 'off', true)"
    for way in ("hashjoin", "mergejoin", "seqscan", "bitmapscan")
)
PHRASES = {
    "any": "= ANY(%s)",
    "ids": "unnest(%s) AS wanted (metric_id)",
    "pairs": "unnest(%s, %s) AS wanted (metric_id, day)",
    "lock": " FOR NO KEY UPDATE",
}

_COPY_HEADER = b"PGCOPY\n\xff\r\n\0" + struct.pack(">ii", 0, 0)
_COPY_TRAILER = struct.pack(">h", -1)
_COPY_ROW = np.dtype(
    [("fields", ">i2")]
    + [
        field
        for name, kind in (("metric_ids", ">i8"), ("timestamps", ">i8"), ("values", ">f8"))
        for field in ((f"{name}_length", ">i4"), (name, kind))
    ]
)
_ARRAY_HEADER = struct.Struct(">iiIii")  # dimensions, has nulls, element type, length, lower bound
_TYPES = {np.int64: psycopg.postgres.types["int8"], np.float64: psycopg.postgres.types["float8"]}


def upsert(batch: ReadingBatch) -> None:
    """Insert or overwrite de-duplicated readings; those that change nothing are not written."""
    if len(batch) < COPY_FROM or not (_is_sent_again(batch) or _copied(batch)):
        execute(_UPSERT, batch.metric_ids, batch.timestamps, batch.values)


def take(metric_ids: Sequence[int], start: int, end: int) -> dict[int, Samples]:
    """Delete the readings of [start, end); return what they were. Within a transaction."""
    execute(_BY_KEY)
    return _by_metric(_TAKE, np.sort(np.array(metric_ids, np.int64)), start, end)


def remove(metric_ids: Sequence[int], start: int, end: int) -> None:
    """Delete the readings of [start, end). Within a transaction."""
    execute(_BY_KEY)
    execute(_REMOVE, np.sort(np.array(metric_ids, np.int64)), start, end)


def pair_parameters(pairs: NDArray[np.int64]) -> tuple[NDArray[np.int64], ...]:
    """What the phrase `pairs` takes for int64[n, 2]."""
    return (pairs[:, 0], pairs[:, 1])


def insert_all(statement: str, columns: Sequence[Sequence[Any]]) -> None:
    """Insert rows, given column by column; `{rows}` in the statement stands for them."""
    are_blobs = [column[0] is None or isinstance(column[0], bytes) for column in columns]
    marks = ", ".join("%s::bytea[]" if are_blob else "%s" for are_blob in are_blobs)
    arrays = [
        list(column) if are_blob else np.array(column)
        for column, are_blob in zip(columns, are_blobs, strict=True)
    ]
    execute(statement.format(rows=f"SELECT * FROM unnest({marks})"), *arrays)  # noqa: S608 - marks


def select(metric_ids: Sequence[int], start: int, end: int) -> dict[int, Samples]:
    """The readings of [start, end) of those Metrics that have any."""
    rows = execute(_SELECT, np.array(metric_ids, np.int64), start, end)
    return {metric_id: Samples(timestamps, values) for metric_id, timestamps, values in rows}


def select_first(metric_ids: Sequence[int], start: int, end: int, limit: int) -> dict[int, Samples]:
    """The first `limit` readings of [start, end) by Metric id, then time."""
    return _by_metric(_SELECT_FIRST, np.array(metric_ids, np.int64), start, end, limit, limit)


def neighbours(metric_ids: Sequence[int], start: int, end: int) -> dict[int, Samples]:
    """The nearest readings outside [start, end): those before it and the first behind it."""
    return _by_metric(_NEIGHBOURS, np.array(metric_ids, np.int64), start, end)


def _by_metric(statement: str, *parameters: Any) -> dict[int, Samples]:
    rows = execute(statement, *parameters)
    return ReadingBatch(*rows[0]).by_metric() if rows else {}


def _is_sent_again(batch: ReadingBatch) -> bool:
    """Whether all of it is stored; as a rule the first reading tells that it is not."""
    first = execute(_VALUE, int(batch.metric_ids[0]), int(batch.timestamps[0]))
    return first == [(batch.values[0],)] and _is_in_place(batch)


def _is_in_place(batch: ReadingBatch) -> bool:
    ids, begins, counts = np.unique(batch.metric_ids, return_index=True, return_counts=True)
    ends = begins + counts - 1
    stored = execute(_IN_PLACE_OF, ids, batch.timestamps[begins], batch.timestamps[ends], counts)
    columns = (batch.metric_ids, batch.timestamps, batch.values)
    return bool(stored) and all(map(np.array_equal, stored[0], columns))


def _copied(batch: ReadingBatch) -> bool:
    """Copy the rows in, all or none; False when one of them exists already."""
    try:
        with (
            transaction.atomic(),
            connection.wrap_database_errors,
            _cursor() as cursor,
            cursor.copy(_COPY) as copy,
        ):
            copy.write(_COPY_HEADER)
            copy.write(_copy_rows(batch))
            copy.write(_COPY_TRAILER)
    except IntegrityError as error:
        if isinstance(error.__cause__, psycopg.errors.UniqueViolation):
            return False
        raise
    return True


def _copy_rows(batch: ReadingBatch) -> bytes:
    rows = np.empty(len(batch), _COPY_ROW)
    rows["fields"] = 3
    for name in ("metric_ids", "timestamps", "values"):
        rows[f"{name}_length"] = 8
        rows[name] = getattr(batch, name)
    return rows.tobytes()


def execute(statement: str, *parameters: Any, prepare: bool | None = None) -> list[tuple[Any, ...]]:
    """Run a statement with numpy arrays as parameters; return the rows it gives, if any.

    `prepare` as psycopg has it: with False it is planned for its parameters each time.
    """
    with connection.wrap_database_errors, _cursor() as cursor:
        cursor.execute(statement.encode(), parameters, binary=True, prepare=prepare)
        return cursor.fetchall() if cursor.description else []


def _cursor() -> psycopg.Cursor[tuple[Any, ...]]:
    """A server-side cursor on Django's connection, in its transaction, that speaks arrays."""
    # As Django does for its own cursors: the server may have restarted since the last job.
    connection.close_if_health_check_failed()
    connection.ensure_connection()
    cursor = psycopg.Cursor(connection.connection)
    cursor.adapters.register_dumper(np.ndarray, _ArrayDumper)
    for element, loader in ((np.int64, _IntsLoader), (np.float64, _FloatsLoader)):
        cursor.adapters.register_loader(_TYPES[element].array_oid, loader)
    return cursor


def _element(kind: str) -> np.dtype[Any]:
    return np.dtype([("length", ">i4"), ("value", kind)])


class _ArrayDumper(Dumper):
    """int64[n] and float64[n] as int8[] and float8[]."""

    format = Format.BINARY

    def get_key(self, obj: NDArray[Any], format: PyFormat) -> Any:  # noqa: A002 - psycopg's name
        return (self.cls, obj.dtype.type)

    def upgrade(self, obj: NDArray[Any], format: PyFormat) -> "_ArrayDumper":  # noqa: A002
        dumper = type(self)(self.cls, self.connection)
        dumper.oid = _TYPES[obj.dtype.type].array_oid
        return dumper

    def dump(self, obj: NDArray[Any]) -> bytes:
        elements = np.empty(obj.size, _element(f">{obj.dtype.kind}8"))
        elements["length"] = 8
        elements["value"] = obj
        header = _ARRAY_HEADER.pack(1, 0, _TYPES[obj.dtype.type].oid, obj.size, 1)
        return header + elements.tobytes()


class _ArrayLoader(Loader):
    """A one-dimensional array of 8-byte elements without nulls."""

    format = Format.BINARY
    kind: str

    def load(self, data: Any) -> NDArray[Any]:
        elements = np.frombuffer(data, _element(f">{self.kind}"), offset=_ARRAY_HEADER.size)
        return elements["value"].astype(self.kind)


class _IntsLoader(_ArrayLoader):
    kind = "i8"


class _FloatsLoader(_ArrayLoader):
    kind = "f8"

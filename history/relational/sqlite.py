"""History on SQLite: plain statements, rows streamed straight into arrays."""

import json
from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Any

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from history.arrays import ReadingBatch, Samples
from history.store import NEIGHBOURS_BEFORE

_UPSERT = """
    INSERT INTO history_reading (metric_id, timestamp, value) VALUES (%s, %s, %s)
    ON CONFLICT (metric_id, timestamp) DO UPDATE SET value = excluded.value
    WHERE value IS NOT excluded.value
"""
# The primary key's order is the answer's: SQLite neither sorts nor reads past the limit.
_SELECT = """
    SELECT metric_id, timestamp, value FROM history_reading
    WHERE metric_id IN ({marks}) AND timestamp >= %s AND timestamp < %s
    ORDER BY metric_id, timestamp LIMIT %s
"""
_NEIGHBOURS = f"""
    SELECT r.metric_id, r.timestamp, r.value
    FROM json_each(%s) AS wanted CROSS JOIN history_reading AS r
    WHERE r.metric_id = wanted.value AND r.timestamp IN (
        SELECT timestamp FROM (
            SELECT timestamp FROM history_reading
            WHERE metric_id = wanted.value AND timestamp < %s
            ORDER BY timestamp DESC LIMIT {NEIGHBOURS_BEFORE})
        UNION ALL
        SELECT timestamp FROM (
            SELECT timestamp FROM history_reading
            WHERE metric_id = wanted.value AND timestamp >= %s
            ORDER BY timestamp LIMIT 1))
"""  # noqa: S608 - the only thing formatted in is a constant
# A Metric by itself, so that two numbers a row have to be made, not three; the time of day, in
# microseconds, is one that a float holds exactly.
_SELECT_ONE = """
    SELECT timestamp - %s, value FROM history_reading
    WHERE metric_id = %s AND timestamp >= %s AND timestamp < %s ORDER BY timestamp
"""
_REMOVE = """
    DELETE FROM history_reading WHERE metric_id {any} AND timestamp >= %s AND timestamp < %s
"""
PHRASES = {
    "any": "IN (SELECT value FROM json_each(%s))",
    "ids": "(SELECT value AS metric_id FROM json_each(%s)) AS wanted",
    "pairs": (
        "(SELECT json_extract(value, '$[0]') AS metric_id, json_extract(value, '$[1]') AS day"
        " FROM json_each(%s)) AS wanted"
    ),
    "lock": "",  # there is one writer at a time
}
_ROW = np.dtype([("metric_id", np.int64), ("timestamp", np.int64), ("value", np.float64)])
_NO_LIMIT = -1


def execute(statement: str, *parameters: Any) -> list[tuple[Any, ...]]:
    """Run a statement with numpy arrays as parameters; return the rows it gives, if any."""
    texts = [
        json.dumps(parameter.tolist()) if isinstance(parameter, np.ndarray) else parameter
        for parameter in parameters
    ]
    with connection.cursor() as cursor:
        cursor.execute(statement, texts)
        return cursor.fetchall()


def pair_parameters(pairs: NDArray[np.int64]) -> tuple[NDArray[np.int64], ...]:
    """What the phrase `pairs` takes for int64[n, 2]."""
    return (pairs,)


def insert_all(statement: str, columns: Sequence[Sequence[Any]]) -> None:
    """Insert rows, given column by column; `{rows}` in the statement stands for them."""
    marks = ", ".join(["%s"] * len(columns))
    with connection.cursor() as cursor:
        cursor.executemany(
            statement.format(rows=f"VALUES ({marks})"), list(zip(*columns, strict=True))
        )


def take(metric_ids: Sequence[int], start: int, end: int) -> dict[int, Samples]:
    """Delete the readings of [start, end); return what they were. Within a transaction."""
    taken = _select_each(metric_ids, start, end)
    if taken:
        remove(metric_ids, start, end)
    return taken


def remove(metric_ids: Sequence[int], start: int, end: int) -> None:
    """Delete the readings of [start, end)."""
    execute(_REMOVE.format(**PHRASES), np.array(metric_ids), start, end)


def upsert(batch: ReadingBatch) -> None:
    """Insert or overwrite readings; those that change nothing are not written."""
    columns = (batch.metric_ids.tolist(), batch.timestamps.tolist(), batch.values.tolist())
    with connection.cursor() as cursor:
        cursor.executemany(_UPSERT, list(zip(*columns, strict=True)))


def select(metric_ids: Sequence[int], start: int, end: int) -> dict[int, Samples]:
    """The readings of [start, end) of those Metrics that have any."""
    return _by_metric(metric_ids, start, end, _NO_LIMIT)


def _select_each(metric_ids: Sequence[int], start: int, end: int) -> dict[int, Samples]:
    """Like `select`, a query for each Metric: half again as fast where each has many readings."""
    found = {metric_id: _select_one(metric_id, start, end) for metric_id in metric_ids}
    return {metric_id: samples for metric_id, samples in found.items() if samples}


def select_first(metric_ids: Sequence[int], start: int, end: int, limit: int) -> dict[int, Samples]:
    """The first `limit` readings of [start, end) by Metric id, then time."""
    return _by_metric(metric_ids, start, end, limit)


def neighbours(metric_ids: Sequence[int], start: int, end: int) -> dict[int, Samples]:
    """The nearest readings outside [start, end): those before it and the first behind it."""
    with connection.cursor() as cursor:
        cursor.execute(_NEIGHBOURS, [f"{list(metric_ids)}", start, end])
        return _collected(cursor.cursor)


def _select_one(metric_id: int, start: int, end: int) -> Samples:
    with connection.cursor() as cursor:
        cursor.execute(_SELECT_ONE, [start, metric_id, start, end])
        numbers = np.fromiter(chain.from_iterable(cursor.cursor), np.float64)
    return Samples(numbers[::2].astype(np.int64) + start, numbers[1::2].copy())


def _by_metric(metric_ids: Sequence[int], start: int, end: int, limit: int) -> dict[int, Samples]:
    marks = ", ".join(["%s"] * len(metric_ids))
    with connection.cursor() as cursor:
        cursor.execute(_SELECT.format(marks=marks), [*metric_ids, start, end, limit])
        return _collected(cursor.cursor)


def _collected(rows: Iterable[Any]) -> dict[int, Samples]:
    """The rows of sqlite3's own cursor: Django's would take a call of Python's for each."""
    table = np.fromiter(rows, _ROW)
    return ReadingBatch(
        *(np.ascontiguousarray(table[name]) for name in ("metric_id", "timestamp", "value"))
    ).by_metric()

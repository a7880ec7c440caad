"""History on SQLite: plain statements, rows streamed straight into arrays."""

import json
from collections.abc import Collection, Iterable, Sequence
from itertools import chain
from typing import Any

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from history.arrays import Ints, ReadingBatch, Samples
from history.buckets import DAY
from history.relational.base import TAKES_LATEST, Backend, Pair, Row

_READING = np.dtype([("metric_id", np.int64), ("timestamp", np.int64), ("value", np.float64)])
_NO_LIMIT = -1
# A Metric by itself, so that two numbers a row have to be made, not three; the time of day, in
# microseconds, is one that a float holds exactly.
_SELECT_ONE = """
    SELECT timestamp - %s, value FROM history_reading
    WHERE metric_id = %s AND timestamp >= %s AND timestamp < %s ORDER BY timestamp
"""


class SQLiteBackend(Backend):
    """SQLite, which has one writer at a time; arrays go in as JSON."""

    UPSERT = """
        INSERT INTO history_reading (metric_id, timestamp, value) VALUES (%s, %s, %s)
        ON CONFLICT (metric_id, timestamp) DO UPDATE SET value = excluded.value
        WHERE value IS NOT excluded.value
    """
    OVERWRITE = "UPDATE history_reading SET value = %s WHERE metric_id = %s AND timestamp = %s"
    REMOVE_EQUAL = (
        "DELETE FROM history_reading WHERE value = %s AND metric_id = %s AND timestamp = %s"
    )
    MOVE_LATEST = f"""
        INSERT INTO metrics_latest (metric_id, value, timestamp, received_at)
        VALUES (%s, %s, %s, %s)
        ON CONFLICT (metric_id) DO UPDATE SET value = excluded.value,
            timestamp = excluded.timestamp, received_at = excluded.received_at
        WHERE {TAKES_LATEST}
    """  # noqa: S608 - the only thing formatted in is a constant
    WRITE_CHUNKS = """
        INSERT INTO history_chunk (metric_id, day, n, lookback, times, vals, shape, means, lasts,
            extremes, increments, state)
        VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
        ON CONFLICT (metric_id, day) DO UPDATE SET n = excluded.n, lookback = excluded.lookback,
            times = excluded.times, vals = excluded.vals, shape = excluded.shape,
            means = excluded.means, lasts = excluded.lasts, extremes = excluded.extremes,
            increments = excluded.increments, state = excluded.state
    """
    # The primary key's order is the answer's: SQLite neither sorts nor reads past the limit.
    SELECT_FIRST = """
        SELECT metric_id, timestamp, value FROM history_reading
        WHERE metric_id IN (SELECT value FROM json_each(%s))
            AND timestamp >= %s AND timestamp < %s
        ORDER BY metric_id, timestamp LIMIT %s
    """
    SELECT_BEHIND = """
        SELECT metric_id, timestamp, value FROM history_reading
        WHERE (metric_id, timestamp) > (%s, %s)
        ORDER BY metric_id, timestamp LIMIT %s
    """
    NEIGHBOURS = """
        SELECT r.metric_id, r.timestamp, r.value
        FROM json_each(%s) AS wanted CROSS JOIN history_reading AS r
        WHERE r.metric_id = wanted.value AND r.timestamp IN (
            (SELECT max(timestamp) FROM history_reading
             WHERE metric_id = wanted.value AND timestamp < %s),
            (SELECT min(timestamp) FROM history_reading
             WHERE metric_id = wanted.value AND timestamp >= %s))
    """
    REMOVE = """
        DELETE FROM history_reading
        WHERE metric_id IN (SELECT value FROM json_each(%s)) AND timestamp >= %s AND timestamp < %s
    """
    HEAD_SIZES = f"""
        SELECT metric_id, (timestamp - (timestamp %% {DAY} + {DAY}) %% {DAY}) / {DAY}, count(*)
        FROM history_reading
        WHERE metric_id IN (SELECT value FROM json_each(%s)) AND timestamp >= %s AND timestamp < %s
        GROUP BY 1, 2
    """  # noqa: S608 - the only thing formatted in is a constant
    ROLLUPS = """
        SELECT metric_id, day, lookback, shape, means, lasts,
            CASE WHEN lasts IS NULL OR %s THEN extremes END,
            CASE WHEN %s THEN increments END, CASE WHEN %s THEN state END
        FROM history_chunk
        WHERE metric_id IN (SELECT value FROM json_each(%s)) AND day BETWEEN %s AND %s
    """
    CHUNKS = """
        SELECT metric_id, n, times, vals FROM history_chunk
        WHERE metric_id IN (SELECT value FROM json_each(%s)) AND day BETWEEN %s AND %s
        ORDER BY metric_id, day
    """
    CHOSEN_CHUNKS = """
        SELECT c.metric_id, c.n, c.times, c.vals
        FROM json_each(%s) AS pair CROSS JOIN history_chunk AS c
        WHERE c.metric_id = json_extract(pair.value, '$[0]')
            AND c.day = json_extract(pair.value, '$[1]')
        ORDER BY c.metric_id, c.day
    """
    CHUNKS_AROUND = """
        SELECT c.metric_id, c.n, c.times, c.vals
        FROM json_each(%s) AS wanted CROSS JOIN history_chunk AS c
        WHERE c.metric_id = wanted.value AND c.day IN (
            (SELECT max(day) FROM history_chunk WHERE metric_id = wanted.value AND day < %s),
            (SELECT min(day) FROM history_chunk WHERE metric_id = wanted.value AND day > %s))
    """
    STATES = """
        SELECT wanted.value, oldest.timestamp, c.day, c.state
        FROM json_each(%s) AS wanted
        LEFT JOIN history_reading AS oldest ON oldest.metric_id = wanted.value
            AND oldest.timestamp = (
                SELECT min(timestamp) FROM history_reading WHERE metric_id = wanted.value)
        LEFT JOIN {table} AS c ON c.metric_id = wanted.value AND c.day = (
            SELECT max(day) FROM {table} WHERE metric_id = wanted.value AND day < %s)
    """
    NEXT_CHUNKS = """
        SELECT c.metric_id, c.day, c.n, c.times, c.vals, c.state
        FROM json_each(%s) AS pair CROSS JOIN history_chunk AS c
        WHERE c.metric_id = json_extract(pair.value, '$[0]') AND c.day = (
            SELECT min(day) FROM history_chunk
            WHERE metric_id = json_extract(pair.value, '$[0]')
                AND day > json_extract(pair.value, '$[1]'))
    """
    RESTATE = """
        UPDATE history_chunk SET state = %s, increments = %s WHERE metric_id = %s AND day = %s
    """

    def execute(self, statement: str, *parameters: Any) -> list[Row]:
        with connection.cursor() as cursor:
            cursor.execute(statement, _texts(parameters))
            return cursor.fetchall()

    def run_each(self, statement: str, *columns: Sequence[Any] | NDArray[Any]) -> None:
        lists = [c.tolist() if isinstance(c, np.ndarray) else c for c in columns]
        with connection.cursor() as cursor:
            cursor.executemany(statement, list(zip(*lists, strict=True)))

    def readings(self, statement: str, *parameters: Any) -> ReadingBatch:
        with connection.cursor() as cursor:
            cursor.execute(statement, _texts(parameters))
            return _batch(cursor.cursor)

    def select(self, metric_ids: Sequence[int], start: int, end: int) -> dict[int, Samples]:
        return self.select_first(metric_ids, start, end, _NO_LIMIT)

    def _of_pairs(self, statement: str, pairs: Collection[Pair]) -> list[Row]:
        return self.execute(statement, json.dumps(sorted(pairs)))

    def take(self, metric_ids: Sequence[int], start: int, end: int) -> dict[int, Samples]:
        # A query for each Metric is half again as fast where each has many readings.
        found = {metric_id: _select_one(metric_id, start, end) for metric_id in metric_ids}
        taken = {metric_id: samples for metric_id, samples in found.items() if len(samples)}
        if taken:
            self.remove(metric_ids, start, end)
        return taken

    def _lock_selected(self, select: str, parameters: tuple[Any, ...]) -> Ints:
        # What is there when the one writer begins stays there until it ends.
        return np.array([pk for (pk,) in self.execute(select, *parameters)], np.int64)

    def refresh_statistics(self) -> None:
        """PostgreSQL does so by itself; SQLite has to be asked.

        Without, it looks a list of ids up once for each row that the user sees: 110 ms instead of
        5 for a thousand of a thousand metrics. The limit keeps it short however large a table is.
        """
        self.execute("PRAGMA analysis_limit = 1000")
        self.execute("ANALYZE")


def _texts(parameters: Sequence[Any]) -> list[Any]:
    """The parameters as sqlite3 takes them: arrays as JSON."""
    return [json.dumps(p.tolist()) if isinstance(p, np.ndarray) else p for p in parameters]


def _select_one(metric_id: int, start: int, end: int) -> Samples:
    with connection.cursor() as cursor:
        cursor.execute(_SELECT_ONE, [start, metric_id, start, end])
        numbers = np.fromiter(chain.from_iterable(cursor.cursor), np.float64)
    return Samples(numbers[::2].astype(np.int64) + start, numbers[1::2].copy())


def _batch(rows: Iterable[Any]) -> ReadingBatch:
    """The rows of sqlite3's own cursor: Django's would take a call of Python's for each."""
    table = np.fromiter(rows, _READING)
    return ReadingBatch(*(np.ascontiguousarray(table[name]) for name in _READING.names or ()))

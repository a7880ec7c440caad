"""History on PostgreSQL: arrays go in and come out in its binary formats (`binary`)."""

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
import psycopg
from django.db import IntegrityError, connection, transaction
from numpy.typing import NDArray

from history.arrays import Ints, ReadingBatch, Samples
from history.buckets import DAY
from history.relational.base import TAKES_LATEST, Backend, Pair, Row
from history.relational.binary import array_cursor, copy_data

# From here on COPY is faster than an INSERT, though it must be repeated when a row exists already.
COPY_FROM = 500

_COPY = "COPY history_reading (metric_id, timestamp, value) FROM STDIN (FORMAT BINARY)"
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
# Returning what was deleted reads and deletes in one: a correction that lands before is among it,
# and one that lands later waits, and is a new row.
_TAKE = """
    WITH taken AS (
        DELETE FROM history_reading AS r USING unnest(%s) AS wanted (metric_id)
        WHERE r.metric_id = wanted.metric_id AND r.timestamp >= %s AND r.timestamp < %s
        RETURNING r.metric_id, r.timestamp, r.value)
    SELECT array_agg(metric_id), array_agg(timestamp), array_agg(value) FROM taken
    HAVING count(*) > 0
"""
# Rows are then deleted in the order of the key, in which writers update them: no deadlock.
_DELETE_BY_KEY = """
    SELECT set_config('enable_hashjoin', 'off', true), set_config('enable_mergejoin', 'off', true),
        set_config('enable_seqscan', 'off', true), set_config('enable_bitmapscan', 'off', true)
"""
# KEY SHARE lets other writers of readings, and edits of the Metric, pass. Locked in the order of
# ids, as deleting does: two who want the same rows wait, they never deadlock.
_LOCK = """
    SELECT array_agg(pk) FROM ({select} FOR KEY SHARE OF metrics_metric) AS locked (pk)
    HAVING count(*) > 0
"""


class PostgreSQLBackend(Backend):
    """PostgreSQL, past Django's cursors: they would make a Python number of each."""

    UPSERT = """
        INSERT INTO history_reading AS r (metric_id, timestamp, value)
        SELECT * FROM unnest(%s, %s, %s)
        ON CONFLICT (metric_id, timestamp) DO UPDATE SET value = excluded.value
        WHERE r.value IS DISTINCT FROM excluded.value
    """
    # Rows are locked in the order in which writers lock them: they wait, they never deadlock.
    OVERWRITE = """
        WITH known AS (
            SELECT r.metric_id, r.timestamp, b.value
            FROM history_reading AS r JOIN unnest(%s, %s, %s) AS b (value, metric_id, timestamp)
                ON r.metric_id = b.metric_id AND r.timestamp = b.timestamp
            ORDER BY r.metric_id, r.timestamp FOR UPDATE OF r)
        UPDATE history_reading AS r SET value = known.value FROM known
        WHERE r.metric_id = known.metric_id AND r.timestamp = known.timestamp
    """
    REMOVE_EQUAL = """
        WITH equal AS (
            SELECT r.metric_id, r.timestamp
            FROM history_reading AS r JOIN unnest(%s, %s, %s) AS b (value, metric_id, timestamp)
                ON r.metric_id = b.metric_id AND r.timestamp = b.timestamp AND r.value = b.value
            ORDER BY r.metric_id, r.timestamp FOR UPDATE OF r)
        DELETE FROM history_reading AS r USING equal
        WHERE r.metric_id = equal.metric_id AND r.timestamp = equal.timestamp
    """
    MOVE_LATEST = f"""
        INSERT INTO metrics_latest (metric_id, value, timestamp, received_at)
        SELECT * FROM unnest(%s, %s, %s, %s)
        ON CONFLICT (metric_id) DO UPDATE SET value = excluded.value,
            timestamp = excluded.timestamp, received_at = excluded.received_at
        WHERE {TAKES_LATEST}
    """  # noqa: S608 - the only thing formatted in is a constant
    WRITE_CHUNKS = """
        INSERT INTO history_chunk (metric_id, day, n, lookback, times, vals, shape, means, lasts,
            extremes, increments, state)
        SELECT * FROM unnest(%s::bigint[], %s::integer[], %s::integer[], %s::bigint[], %s::bytea[],
            %s::bytea[], %s::bytea[], %s::bytea[], %s::bytea[], %s::bytea[], %s::bytea[],
            %s::bytea[])
        ON CONFLICT (metric_id, day) DO UPDATE SET n = excluded.n, lookback = excluded.lookback,
            times = excluded.times, vals = excluded.vals, shape = excluded.shape,
            means = excluded.means, lasts = excluded.lasts, extremes = excluded.extremes,
            increments = excluded.increments, state = excluded.state
    """
    # Sorting by position first lets the planner sort Metric by Metric and stop at the limit.
    SELECT_FIRST = """
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
    SELECT_BEHIND = """
        SELECT array_agg(metric_id), array_agg(timestamp), array_agg(value)
        FROM (
            SELECT metric_id, timestamp, value FROM history_reading
            WHERE (metric_id, timestamp) > (%s, %s)
            ORDER BY metric_id, timestamp LIMIT %s) AS ordered
        HAVING count(*) > 0
    """
    NEIGHBOURS = """
        SELECT array_agg(wanted.metric_id), array_agg(found.timestamp), array_agg(found.value)
        FROM unnest(%s) AS wanted (metric_id) CROSS JOIN LATERAL (
            (SELECT timestamp, value FROM history_reading
             WHERE metric_id = wanted.metric_id AND timestamp < %s
             ORDER BY timestamp DESC LIMIT 1)
            UNION ALL
            (SELECT timestamp, value FROM history_reading
             WHERE metric_id = wanted.metric_id AND timestamp >= %s
             ORDER BY timestamp LIMIT 1)) AS found
        HAVING count(*) > 0
    """
    REMOVE = """
        DELETE FROM history_reading AS r USING unnest(%s) AS wanted (metric_id)
        WHERE r.metric_id = wanted.metric_id AND r.timestamp >= %s AND r.timestamp < %s
    """
    HEAD_SIZES = f"""
        SELECT metric_id, (timestamp - (timestamp %% {DAY} + {DAY}) %% {DAY}) / {DAY}, count(*)
        FROM history_reading
        WHERE metric_id = ANY(%s) AND timestamp >= %s AND timestamp < %s GROUP BY 1, 2
    """  # noqa: S608 - the only thing formatted in is a constant
    ROLLUPS = """
        SELECT metric_id, day, lookback, shape, means, lasts,
            CASE WHEN lasts IS NULL OR %s THEN extremes END,
            CASE WHEN %s THEN increments END, CASE WHEN %s THEN state END
        FROM history_chunk
        WHERE metric_id = ANY(%s) AND day BETWEEN %s AND %s
    """
    CHUNKS = """
        SELECT metric_id, n, times, vals FROM history_chunk
        WHERE metric_id = ANY(%s) AND day BETWEEN %s AND %s ORDER BY metric_id, day
    """
    CHOSEN_CHUNKS = """
        SELECT c.metric_id, c.n, c.times, c.vals
        FROM unnest(%s, %s) AS wanted (metric_id, day) CROSS JOIN history_chunk AS c
        WHERE c.metric_id = wanted.metric_id AND c.day = wanted.day ORDER BY c.metric_id, c.day
    """
    CHUNKS_AROUND = """
        SELECT wanted.metric_id, found.n, found.times, found.vals
        FROM unnest(%s) AS wanted (metric_id) CROSS JOIN LATERAL (
            (SELECT n, times, vals FROM history_chunk
             WHERE metric_id = wanted.metric_id AND day < %s
             ORDER BY day DESC LIMIT 1)
            UNION ALL
            (SELECT n, times, vals FROM history_chunk
             WHERE metric_id = wanted.metric_id AND day > %s
             ORDER BY day LIMIT 1)) AS found
    """
    STATES = """
        SELECT wanted.metric_id, oldest.timestamp, c.day, c.state
        FROM unnest(%s) AS wanted (metric_id)
        LEFT JOIN LATERAL (
            SELECT min(timestamp) AS timestamp FROM history_reading
            WHERE metric_id = wanted.metric_id) AS oldest ON true
        LEFT JOIN LATERAL (
            SELECT day, state FROM {table}
            WHERE metric_id = wanted.metric_id AND day < %s ORDER BY day DESC LIMIT 1) AS c ON true
    """
    NEXT_CHUNKS = """
        SELECT wanted.metric_id, c.day, c.n, c.times, c.vals, c.state
        FROM unnest(%s, %s) AS wanted (metric_id, day) CROSS JOIN LATERAL (
            SELECT day, n, times, vals, state FROM history_chunk
            WHERE metric_id = wanted.metric_id AND day > wanted.day ORDER BY day LIMIT 1) AS c
    """
    RESTATE = """
        UPDATE history_chunk AS c SET state = new.state, increments = new.increments
        FROM unnest(%s::bytea[], %s::bytea[], %s::bigint[], %s::integer[])
            AS new (state, increments, metric_id, day)
        WHERE c.metric_id = new.metric_id AND c.day = new.day
    """

    def execute(self, statement: str, *parameters: Any, prepare: bool | None = None) -> list[Row]:
        """`prepare` as psycopg has it: with False it is planned for its parameters each time."""
        with connection.wrap_database_errors, _cursor() as cursor:
            cursor.execute(statement.encode(), parameters, binary=True, prepare=prepare)
            return cursor.fetchall() if cursor.description else []

    def run_each(self, statement: str, *columns: Sequence[Any] | NDArray[Any]) -> None:
        arrays = [c if isinstance(c, np.ndarray) else list(c) for c in columns]
        self.execute(statement, *arrays)

    def readings(self, statement: str, *parameters: Any) -> ReadingBatch:
        """The statement gives three arrays, or no row."""
        rows = self.execute(statement, *parameters)
        return ReadingBatch(*rows[0]) if rows else ReadingBatch.of([], [], [])

    def upsert(self, batch: ReadingBatch) -> None:
        if len(batch) < COPY_FROM or not (self._is_sent_again(batch) or self._copy(batch)):
            super().upsert(batch)

    def select(self, metric_ids: Sequence[int], start: int, end: int) -> dict[int, Samples]:
        rows = self.execute(_SELECT, np.array(metric_ids, np.int64), start, end)
        return {metric_id: Samples(timestamps, values) for metric_id, timestamps, values in rows}

    def select_first(
        self, metric_ids: Sequence[int], start: int, end: int, limit: int
    ) -> dict[int, Samples]:
        ids = np.array(metric_ids, np.int64)
        return self.readings(self.SELECT_FIRST, ids, start, end, limit, limit).by_metric()

    def take(self, metric_ids: Sequence[int], start: int, end: int) -> dict[int, Samples]:
        self.execute(_DELETE_BY_KEY)
        return self.readings(_TAKE, np.sort(np.array(metric_ids)), start, end).by_metric()

    def remove(self, metric_ids: Sequence[int], start: int, end: int) -> None:
        self.execute(_DELETE_BY_KEY)
        super().remove(sorted(metric_ids), start, end)

    def _of_pairs(self, statement: str, pairs: Collection[Pair]) -> list[Row]:
        metric_ids, days = np.array(sorted(pairs), np.int64).reshape(-1, 2).T
        return self.execute(statement, metric_ids, days)

    def _lock_selected(self, select: str, parameters: tuple[Any, ...]) -> Ints:
        # Not prepared: PostgreSQL would plan for ten ids, and look each of a thousand up by itself.
        rows = self.execute(_LOCK.format(select=select), *parameters, prepare=False)
        return rows[0][0] if rows else np.empty(0, np.int64)

    def refresh_statistics(self) -> None:
        """It does so by itself."""

    def _is_sent_again(self, batch: ReadingBatch) -> bool:
        """Whether all of it is stored; as a rule the first reading tells that it is not."""
        first = self.execute(_VALUE, int(batch.metric_ids[0]), int(batch.timestamps[0]))
        return first == [(batch.values[0],)] and self._is_in_place(batch)

    def _is_in_place(self, batch: ReadingBatch) -> bool:
        ids, begins, counts = np.unique(batch.metric_ids, return_index=True, return_counts=True)
        ends = begins + counts - 1
        windows = ids, batch.timestamps[begins], batch.timestamps[ends], counts
        stored = self.readings(_IN_PLACE_OF, *windows)
        columns = (batch.metric_ids, batch.timestamps, batch.values)
        found = (stored.metric_ids, stored.timestamps, stored.values)
        return all(map(np.array_equal, found, columns))

    def _copy(self, batch: ReadingBatch) -> bool:
        """Copy the rows in, all or none; False when one of them exists already."""
        try:
            with (
                transaction.atomic(),
                connection.wrap_database_errors,
                _cursor() as cursor,
                cursor.copy(_COPY) as copy,
            ):
                copy.write(copy_data(batch))
        except IntegrityError as error:
            if isinstance(error.__cause__, psycopg.errors.UniqueViolation):
                return False
            raise
        return True


def _cursor() -> psycopg.Cursor[Row]:
    """A server-side cursor on Django's connection, in its transaction."""
    # As Django does for its own cursors: the server may have restarted since the last job.
    connection.close_if_health_check_failed()
    connection.ensure_connection()
    return array_cursor(connection.connection)

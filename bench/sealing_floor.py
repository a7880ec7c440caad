"""The least that sealing takes: past rows are read and deleted, by the driver alone."""

import os
import sqlite3
from collections.abc import Callable, Sequence
from functools import partial

import psycopg

from bench.history import MINUTES
from bench.timing import seconds
from history.buckets import DAY
from history.relational.sealing import AT_ONCE

ReadAndDelete = Callable[[Sequence[int], int], int]

_SELECT = "SELECT metric_id, timestamp, value FROM history_reading WHERE {chosen}"
_DELETE = "DELETE FROM history_reading WHERE {chosen}"


def rate(metric_ids: list[int], end: int) -> float:
    """Rows/s of all days before `end`, with as many rows in a transaction as sealing has."""
    url = os.environ["DATABASE_URL"]
    read_and_delete: ReadAndDelete
    if url.startswith("sqlite:///"):
        read_and_delete = partial(_from_sqlite, sqlite3.connect(url.removeprefix("sqlite:///")))
    else:
        read_and_delete = partial(_from_postgresql, psycopg.connect(url))
    step = AT_ONCE // MINUTES
    blocks = [metric_ids[first : first + step] for first in range(0, len(metric_ids), step)]
    counts: list[int] = []
    duration = seconds(lambda: counts.extend(read_and_delete(block, end * DAY) for block in blocks))
    return sum(counts) / duration


def _from_sqlite(connection: sqlite3.Connection, metric_ids: Sequence[int], before: int) -> int:
    chosen = f"metric_id IN ({','.join('?' * len(metric_ids))}) AND timestamp < ?"
    parameters = [*metric_ids, before]
    with connection:
        rows = connection.execute(_SELECT.format(chosen=chosen), parameters).fetchall()
        connection.execute(_DELETE.format(chosen=chosen), parameters)
    return len(rows)


def _from_postgresql(connection: psycopg.Connection, metric_ids: Sequence[int], before: int) -> int:
    chosen = "metric_id = ANY(%s) AND timestamp < %s"
    parameters = [list(metric_ids), before]
    copy = f"COPY ({_SELECT.format(chosen=chosen)}) TO STDOUT (FORMAT BINARY)"
    with connection.transaction(), psycopg.ClientCursor(connection) as cursor:
        with cursor.copy(copy, parameters) as rows:  # type: ignore[arg-type]
            for _ in rows:
                continue
        cursor.execute(_DELETE.format(chosen=chosen), parameters)  # type: ignore[arg-type]
        return cursor.rowcount

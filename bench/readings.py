"""Batches of readings that nobody has stored yet, and the plainest way to store them."""

import os
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any, Protocol

import psycopg

Row = tuple[int, datetime, float]
TABLE = (
    "CREATE TABLE bench_floor (metric bigint NOT NULL, instant bigint NOT NULL,"
    " value double precision NOT NULL, PRIMARY KEY (metric, instant))"
)
STEP = timedelta(
    seconds=1
)  # so that the days of the head hold all of them, however few Metrics there are


class Arrivals:
    """Readings of all Metrics as they would arrive, from the first unsealed day, each once."""

    def __init__(self, metric_ids: list[int], first_day: int) -> None:
        self._rows = _rows(metric_ids, datetime.fromtimestamp(first_day * 86_400, UTC))

    def batches(self, size: int, count: int) -> list[list[Row]]:
        """The next `count` batches of `size` readings."""
        return [list(islice(self._rows, size)) for _ in range(count)]


def _rows(metric_ids: list[int], start: datetime) -> Iterator[Row]:
    moment = start
    while True:
        for metric in metric_ids:
            yield metric, moment, 1000.0 + (metric * 7 + moment.minute * 13) % 971 / 10
        moment += STEP


def as_json(rows: list[Row]) -> bytes:
    """The body that a client posts."""
    readings = ",".join(
        f'{{"metric":{metric},"timestamp":"{moment.isoformat()}","value":{value}}}'
        for metric, moment, value in rows
    )
    return f'{{"readings":[{readings}]}}'.encode()


def _plain(rows: list[Row]) -> list[tuple[int, int, float]]:
    return [(metric, int(moment.timestamp()) * 1_000_000, value) for metric, moment, value in rows]


class Floor(Protocol):
    """The plainest way of one engine to store rows, into a table of its own."""

    name: str

    def prepared(self, rows: list[Row]) -> Any:
        """The rows in the form that the engine's driver takes; this is not timed."""

    def store(self, shares: list[list[Any]]) -> None:
        """Store each writer's prepared batches, one transaction each, all writers at a time."""


class CopyFloor:
    """PostgreSQL: COPY of text that is ready, each writer by a connection of its own."""

    name = "COPY"

    def __init__(self, writers: int) -> None:
        self._connections = [psycopg.connect(os.environ["DATABASE_URL"]) for _ in range(writers)]
        self._connections[0].execute(TABLE)
        self._connections[0].commit()
        self._pool = ThreadPoolExecutor(writers)

    def prepared(self, rows: list[Row]) -> bytes:
        return "".join(f"{m}\t{t}\t{v}\n" for m, t, v in _plain(rows)).encode()

    def store(self, shares: list[list[Any]]) -> None:
        list(self._pool.map(_copy_all, self._connections, shares))


def _copy_all(connection: psycopg.Connection, batches: list[bytes]) -> None:
    for batch in batches:
        with (
            connection.transaction(),
            connection.cursor() as cursor,
            cursor.copy("COPY bench_floor FROM STDIN") as copy,
        ):
            copy.write(batch)


class ExecuteManyFloor:
    """SQLite: executemany in a file of its own beside the product's, by its one writer."""

    name = "executemany"

    def __init__(self, writers: int) -> None:
        path = os.environ["DATABASE_URL"].removeprefix("sqlite:///") + "-floor"
        self._connection = sqlite3.connect(path)
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=FULL")
        self._connection.execute(TABLE)

    def prepared(self, rows: list[Row]) -> list[tuple[int, int, float]]:
        return _plain(rows)

    def store(self, shares: list[list[Any]]) -> None:
        for batch in (batch for batches in shares for batch in batches):
            with self._connection:
                self._connection.executemany("INSERT INTO bench_floor VALUES (?, ?, ?)", batch)

"""Batches of readings that nobody has stored yet, and the plainest way to store them."""

import json
import os
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Protocol

import psycopg

Row = tuple[int, datetime, float]
FIRST = datetime(2026, 1, 1, tzinfo=UTC)
TABLE = (
    "CREATE TABLE bench_floor (metric bigint NOT NULL, instant bigint NOT NULL,"
    " value double precision NOT NULL, PRIMARY KEY (metric, instant))"
)


def batches(metric_ids: list[int], size: int, start: datetime) -> Iterator[list[Row]]:
    """Batch after batch of `size` readings: every metric once a minute, from `start` on."""
    rows = _rows(metric_ids, start)
    while True:
        yield list(islice(rows, size))


def _rows(metric_ids: list[int], start: datetime) -> Iterator[Row]:
    moment = start
    while True:
        for metric in metric_ids:
            yield metric, moment, 1000.0 + metric % 97
        moment += timedelta(minutes=1)


def as_json(rows: list[Row]) -> bytes:
    """The body that a client posts."""
    readings = [
        {"metric": metric, "timestamp": moment.isoformat(), "value": value}
        for metric, moment, value in rows
    ]
    return json.dumps({"readings": readings}).encode()


def _plain(rows: list[Row]) -> list[tuple[int, int, float]]:
    return [(metric, int(moment.timestamp()) * 1_000_000, value) for metric, moment, value in rows]


class Floor(Protocol):
    """The plainest way of one engine to store rows, into a table of its own."""

    name: str

    def prepared(self, rows: list[Row]) -> object:
        """The rows as the engine's driver wants them; this is not timed."""

    def store(self, prepared: object) -> None:
        """Store prepared rows and commit."""


class CopyFloor:
    """PostgreSQL: one COPY of text that is ready, and a commit."""

    name = "COPY of the same rows"

    def __init__(self) -> None:
        self._connection = psycopg.connect(os.environ["DATABASE_URL"])
        self._connection.execute(TABLE)
        self._connection.commit()

    def prepared(self, rows: list[Row]) -> bytes:
        return "".join(f"{m}\t{t}\t{v}\n" for m, t, v in _plain(rows)).encode()

    def store(self, prepared: bytes) -> None:
        with (
            self._connection.transaction(),
            self._connection.cursor() as cursor,
            cursor.copy("COPY bench_floor FROM STDIN") as copy,
        ):
            copy.write(prepared)


class ExecuteManyFloor:
    """SQLite: one executemany in one transaction, in a file of its own beside the product's."""

    name = "executemany of the same rows"

    def __init__(self) -> None:
        path = os.environ["DATABASE_URL"].removeprefix("sqlite:///") + "-floor"
        self._connection = sqlite3.connect(path)
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=NORMAL")
        self._connection.execute(TABLE)

    def prepared(self, rows: list[Row]) -> list[tuple[int, int, float]]:
        return _plain(rows)

    def store(self, prepared: list[tuple[int, int, float]]) -> None:
        with self._connection:
            self._connection.executemany("INSERT INTO bench_floor VALUES (?, ?, ?)", prepared)

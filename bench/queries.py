"""Questions about history: through the API, to the store alone, and to the chunks alone."""

import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Self
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import psycopg
from pcodec.standalone import simple_decompress

from bench.dataset import Dataset
from bench.timing import Action
from history import get_store
from history.buckets import divide
from history.relational.rollups import decoded_shape
from metrics.models import Metric
from timeseries.summaries import Summary, aggregate_of, columns_of

_MICROS_A_DAY = 86_400_000_000
_LIMIT = 100_000
_DAYS_AT_ONCE = 2_048


@dataclass(frozen=True)
class Query:
    """A question: the API's path, the store's own call, and fetching and decoding its chunks."""

    name: str
    path: str
    store: Action
    chunks: Action
    rounds: int = 15


def latest_path(dataset: Dataset) -> str:
    """The path of Q1."""
    return "/api/v1/metrics/latest/?ids=" + ",".join(map(str, dataset.ids))


def history_queries(dataset: Dataset, end: int, days: int) -> list[Query]:
    """Q2 to Q5 over the `days` before day `end`, all sealed."""
    chunks = ChunksFloor.of_database_url()
    begin = end - days
    few = f"/api/v1/subscriptions/{dataset.subscription_of_few}/timeseries/?"
    every = f"/api/v1/subscriptions/{dataset.subscription_of_all}/timeseries/?"
    one = f"/api/v1/metrics/{dataset.few[0]}/timeseries/?"
    metrics = list(Metric.objects.filter(pk__in=dataset.few).order_by("pk"))
    everything = list(Metric.objects.order_by("pk"))
    return [
        Query(
            "Q2 raw 24 h of 10",
            few + _window(end - 1, end, resolution="raw"),
            lambda: _raw(dataset.few, end - 1, end),
            lambda: chunks.readings(dataset.few, end - 1, end),
        ),
        Query(
            f"Q3 {days} days of 10, 15-minute mean with envelope",
            few + _window(begin, end, resolution="15m", envelope="true"),
            lambda: _buckets(metrics, begin, end, "15m", envelope=True),
            lambda: chunks.rollups(dataset.few, begin, end, extremes=True),
        ),
        Query(
            f"Q4 {days} days of one, hourly",
            one + _window(begin, end, resolution="1h"),
            lambda: _buckets(metrics[:1], begin, end, "1h", envelope=False),
            lambda: chunks.rollups(dataset.few[:1], begin, end),
        ),
        Query(
            f"Q5 {days} days of all {len(dataset.ids):,}, hourly",
            every + _window(begin, end, resolution="1h"),
            lambda: _buckets(everything, begin, end, "1h", envelope=False),
            lambda: chunks.rollups(dataset.ids, begin, end),
            rounds=3,
        ),
    ]


def _window(begin: int, end: int, **parameters: str) -> str:
    return urlencode({"start": _instant(begin), "end": _instant(end), **parameters})


def _instant(day: int) -> str:
    return f"{datetime.fromtimestamp(day * 86_400, UTC):%Y-%m-%dT%H:%M:%SZ}"


def _raw(metric_ids: list[int], begin: int, end: int) -> object:
    window = begin * _MICROS_A_DAY, end * _MICROS_A_DAY
    return get_store().read_page(metric_ids, *window, limit=_LIMIT)


def _buckets(
    metrics: Sequence[Metric], begin: int, end: int, resolution: str, *, envelope: bool
) -> None:
    """The numbers of an answer as arrays, Metric by Metric."""
    start, stop = begin * _MICROS_A_DAY, end * _MICROS_A_DAY
    buckets = divide(start, stop, resolution, ZoneInfo("UTC"), at_most=_LIMIT)
    summaries = [Summary(metric, aggregate_of(metric, None), buckets, stop) for metric in metrics]
    for _ in columns_of(summaries, envelope=envelope, fill="null"):
        pass


# The least that chunks cost -----------------------------------------------------------------------


class ChunksFloor:
    """Fetches and decodes chunks by a plain connection of the engine's driver."""

    def __init__(self, fetch: Callable[[str, list[int], int, int], Iterator[Any]]) -> None:
        self._fetch = fetch

    @classmethod
    def of_database_url(cls) -> Self:
        """That of the engine which DATABASE_URL names."""
        url = os.environ["DATABASE_URL"]
        if url.startswith("sqlite:///"):
            return cls.through(sqlite3.connect(url.removeprefix("sqlite:///")))
        return cls.through(psycopg.connect(url, autocommit=True))

    @classmethod
    def through(cls, connection: "sqlite3.Connection | psycopg.Connection") -> Self:
        """That which asks through a driver's own connection."""
        if isinstance(connection, sqlite3.Connection):
            return cls(_from_sqlite(connection))
        return cls(_from_postgresql(connection))

    def readings(self, metric_ids: list[int], begin: int, end: int) -> int:
        """Those of some Metrics' days from `begin` up to `end`; returns the number of chunks."""
        count = 0
        for times, values in self._fetch("times, vals", metric_ids, begin, end):
            simple_decompress(times)
            simple_decompress(values)
            count += 1
        return count

    def rollups(
        self, metric_ids: list[int], begin: int, end: int, *, extremes: bool = False
    ) -> int:
        """What days added to counters, the means of other Metrics, and their extremes if wanted.

        Returns the number of chunks.
        """
        count = 0
        step = max(1, _DAYS_AT_ONCE // (end - begin))
        columns = "shape, means, increments, extremes" if extremes else "shape, means, increments"
        for first in range(0, len(metric_ids), step):
            for encoded in self._fetch(columns, metric_ids[first : first + step], begin, end):
                count += 1
                decoded_shape(encoded[0])
                for column in encoded[1:]:
                    if column is not None:
                        simple_decompress(column)
        return count


def _from_sqlite(connection: sqlite3.Connection) -> Callable[..., Iterator[Any]]:
    def fetch(columns: str, metric_ids: list[int], begin: int, end: int) -> Iterator[Any]:
        marks = ",".join("?" * len(metric_ids))
        statement = (
            f"SELECT {columns} FROM history_chunk"
            f" WHERE metric_id IN ({marks}) AND day >= ? AND day < ?"
        )
        return connection.execute(statement, [*metric_ids, begin, end])

    return fetch


def _from_postgresql(connection: psycopg.Connection) -> Callable[..., Iterator[Any]]:
    def fetch(columns: str, metric_ids: list[int], begin: int, end: int) -> Iterator[Any]:
        statement = (
            f"SELECT {columns} FROM history_chunk"
            " WHERE metric_id = ANY(%s) AND day >= %s AND day < %s"
        )
        # Not the connection's own: Django's cursors cannot take answers as binary.
        cursor = psycopg.Cursor(connection)
        return iter(cursor.execute(statement, [metric_ids, begin, end], binary=True))  # type: ignore[call-overload]

    return fetch

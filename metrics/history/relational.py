"""History in the relational database: the same design on SQLite and PostgreSQL.

Everything that arrives, in order or late, is one upsert into a table keyed by (Metric, timestamp),
in the caller's transaction.
"""

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np
from django.db import connection
from django.db.models import QuerySet

from metrics.history.arrays import ReadingBatch, Samples
from metrics.history.base import BLOCK, HistoryStore, Page, Position
from metrics.models import Reading


class Rows(Protocol):
    """What the two databases say differently; `sqlite` and `postgresql` are such modules."""

    def upsert(self, batch: ReadingBatch) -> None: ...

    def select(self, metric_ids: Sequence[int], start: int, end: int) -> dict[int, Samples]: ...

    def select_first(
        self, metric_ids: Sequence[int], start: int, end: int, limit: int
    ) -> dict[int, Samples]: ...

    def neighbours(self, metric_ids: Sequence[int], start: int, end: int) -> dict[int, Samples]: ...


class RelationalStore(HistoryStore):
    """Readings as rows of the default database."""

    @property
    def _rows(self) -> Rows:
        if connection.vendor == "postgresql":
            from metrics.history import postgresql

            return postgresql
        from metrics.history import sqlite

        return sqlite

    def append(self, batch: ReadingBatch) -> None:
        if len(batch):
            self._rows.upsert(batch.deduplicated())

    def read(
        self, metric_ids: Sequence[int], start: int, end: int, *, with_neighbours: bool = False
    ) -> dict[int, Samples]:
        samples = dict.fromkeys(metric_ids, Samples.empty())
        for block in _blocks(metric_ids):
            samples |= self._rows.select(block, start, end)
            if with_neighbours:
                for metric_id, around in self._rows.neighbours(block, start, end).items():
                    samples[metric_id] = _between(around, samples[metric_id], start)
        return samples

    def read_page(
        self,
        metric_ids: Sequence[int],
        start: int,
        end: int,
        *,
        after: Position | None = None,
        limit: int,
    ) -> Page:
        samples: dict[int, Samples] = {}
        wanted = sorted(set(metric_ids))
        missing = limit + 1  # one more tells whether this page is the last
        if after is not None:
            if after.metric_id in wanted:
                samples = self._rows.select_first(
                    [after.metric_id], max(start, after.timestamp + 1), end, missing
                )
            wanted = [metric_id for metric_id in wanted if metric_id > after.metric_id]
        for block in _blocks(wanted):
            missing = limit + 1 - sum(map(len, samples.values()))
            if not missing:
                break
            samples |= self._rows.select_first(block, start, end, missing)
        return _page(samples, limit)

    def delete(
        self, metric_ids: Sequence[int], start: int | None = None, end: int | None = None
    ) -> int:
        doomed = Reading.objects.filter(metric_id__in=metric_ids)
        return _within(doomed, start, end).delete()[0]

    def count(
        self, metric_ids: Sequence[int], start: int | None = None, end: int | None = None
    ) -> int:
        counted = Reading.objects.filter(metric_id__in=metric_ids)
        return _within(counted, start, end).count()

    def prune(self, before: int) -> int:
        return _within(Reading.objects.all(), None, before).delete()[0]


def _blocks(metric_ids: Sequence[int]) -> list[Sequence[int]]:
    return [metric_ids[begin : begin + BLOCK] for begin in range(0, len(metric_ids), BLOCK)]


def _between(around: Samples, samples: Samples, start: int) -> Samples:
    """`samples` with the readings before `start` ahead of them and those behind at their end."""
    before = int(np.searchsorted(around.timestamps, start))
    parts = zip(
        (around.timestamps[:before], around.values[:before]),
        (samples.timestamps, samples.values),
        (around.timestamps[before:], around.values[before:]),
        strict=True,
    )
    timestamps, values = (np.concatenate(part) for part in parts)
    return Samples(timestamps, values)


def _page(samples: Mapping[int, Samples], limit: int) -> Page:
    """At most `limit` readings, and the position behind them where there are more."""
    if sum(map(len, samples.values())) <= limit:
        return Page(samples, None)
    last = max(samples)
    kept = len(samples[last]) - 1
    shown = dict(samples)
    shown[last] = Samples(samples[last].timestamps[:kept], samples[last].values[:kept])
    if not kept:
        del shown[last]
        last = max(shown)
    return Page(shown, Position(last, int(shown[last].timestamps[-1])))


def _within(readings: QuerySet[Reading], start: int | None, end: int | None) -> QuerySet[Reading]:
    if start is not None:
        readings = readings.filter(timestamp__gte=start)
    if end is not None:
        readings = readings.filter(timestamp__lt=end)
    return readings

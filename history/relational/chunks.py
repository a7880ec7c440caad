"""Chunks in the database, by Metric, and the head's readings that are to become some."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

from history.arrays import Ints, Samples
from history.models import Chunk
from history.relational.backend import Pair, Row, backend
from history.relational.codec import moments, values
from metrics.models import Metric
from metrics.querysets import IdList


class Header(NamedTuple):
    """How many readings a day has."""

    metric_id: int
    day: int
    n: int


class Summaries(NamedTuple):
    """What the quarter hours of sealed days come to, a value being held for `holds` at most.

    `metric_ids`, `days` and `holds` int64[n]; `quarters` and `extremes` as in `Sealed`.
    """

    metric_ids: Ints
    days: Ints
    holds: Ints
    quarters: Sequence[bytes]
    extremes: Sequence[bytes | None]


def headers(metric_ids: Sequence[int], first: int, last: int) -> list[Header]:
    """The sealed days from `first` to `last`, by Metric, then day."""
    rows = _between(metric_ids, first, last).order_by("metric_id", "day")
    return [Header(*row) for row in rows.values_list("metric_id", "day", "n")]


def summaries(metric_ids: Sequence[int], first: int, last: int, extremes: bool) -> Summaries:
    """The summaries of the days from `first` to `last`, in no order, with `extremes` if wanted."""
    found = backend().rollups(metric_ids, first, last, extremes=extremes)
    ids, days, holds, *written = zip(*found, strict=True) if found else ((),) * 5
    return Summaries(np.array(ids, int), np.array(days, int), np.array(holds, int), *written)


def days(metric_ids: Sequence[int], first: int, last: int) -> dict[int, list[Samples]]:
    """The readings of the days from `first` to `last`, day by day, of Metrics that have any."""
    return _by_metric(backend().chunks(metric_ids, first, last))


def chosen(pairs: Collection[Pair]) -> dict[int, list[Samples]]:
    """The readings of some Metrics' days, day by day, as far as they are sealed."""
    return _by_metric(backend().chosen_chunks(pairs)) if pairs else {}


def around(metric_ids: Sequence[int], first: int, last: int) -> dict[int, list[Samples]]:
    """The days that hold the nearest readings ahead of day `first` and the one behind `last`."""
    return _by_metric(backend().chunks_around(metric_ids, first, last))


def write(packs: Sequence[Row]) -> None:
    """Insert sealed days, or put them in the place of what was there."""
    backend().write_chunks(packs)


def delete(metric_ids: Sequence[int], first: int, last: int) -> None:
    """Delete the days from `first` to `last`."""
    _between(metric_ids, first, last).delete()


def lock(metric_ids: Sequence[int]) -> list[tuple[int, str, int]]:
    """Keep everybody else who seals or deletes off these Metrics until the transaction's end.

    Returns id, type and expected interval of those that exist. Writers of readings pass. Always in
    the order of ids: two who want the same Metrics wait, they never deadlock.
    """
    metrics = Metric.objects.select_for_update(no_key=True).among(metric_ids).order_by("pk")
    return list(metrics.values_list("pk", "type", "expected_interval"))


def _between(metric_ids: Sequence[int], first: int, last: int) -> Any:
    return Chunk.objects.filter(metric_id__in=IdList(metric_ids), day__range=(first, last))


def _by_metric(rows: Iterable[Row]) -> dict[int, list[Samples]]:
    found: dict[int, list[Samples]] = {}
    clock: dict[bytes, Ints] = {}  # most Metrics are measured at the same moments
    for metric_id, _, times, vals in rows:
        if times not in clock:
            clock[times] = moments(times)
        found.setdefault(metric_id, []).append(Samples(clock[times], values(vals)))
    return found

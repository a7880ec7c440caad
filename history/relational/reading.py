"""Readings of chunks merged with those of the head, which win."""

from collections.abc import Sequence

from energy.instants import MICROS_PER_SECOND
from history.arrays import Samples
from history.buckets import DAY
from history.merge import merged
from history.models import Chunk
from history.relational.backend import backend
from history.relational.base import Pair
from history.relational.chunks import decoded_chunks
from history.store import READINGS_AT_ONCE
from metrics.querysets import IdList


def read(
    metric_ids: Sequence[int], start: int, end: int, *, with_neighbours: bool
) -> dict[int, Samples]:
    """The readings of [start, end), and those around it, of Metrics that have any."""
    # The head first: what is sealed in between is then seen twice, never missed.
    head = backend().select(metric_ids, start, end)
    if with_neighbours:
        head = merged(head, backend().neighbours(metric_ids, start, end))
    days = start // DAY, (end - 1) // DAY
    rows = backend().chunks(metric_ids, *days)
    if with_neighbours:
        rows += backend().chunks_around(metric_ids, *days)
    cut = Samples.around if with_neighbours else Samples.within
    found = merged(decoded_chunks(rows), head)
    return {key: cut(samples, start, end) for key, samples in found.items()}


def read_first(metric_ids: Sequence[int], start: int, end: int, limit: int) -> dict[int, Samples]:
    """The first `limit` readings of [start, end), and maybe more, of Metrics that have any."""
    head = backend().select_first(metric_ids, start, end, limit)
    first, last = start // DAY, (end - 1) // DAY
    if _are_few(metric_ids, start, end):
        rows = backend().chunks(metric_ids, first, last)
    else:
        rows = backend().chosen_chunks(_first_days(metric_ids, start, end, limit))
    inside = {key: samples.within(start, end) for key, samples in decoded_chunks(rows).items()}
    return merged(inside, head)


def _first_days(metric_ids: Sequence[int], start: int, end: int, limit: int) -> list[Pair]:
    """The sealed days that hold the first `limit` readings of [start, end), and maybe more."""
    pairs: list[Pair] = []
    for metric_id, day, n in _sizes(metric_ids, start, end):
        if limit <= 0:
            break
        pairs.append((metric_id, day))
        if start <= day * DAY and (day + 1) * DAY <= end:  # else nobody knows how many are inside
            limit -= n
    return pairs


def weights(metric_ids: Sequence[int], start: int, end: int) -> dict[int, int]:
    """About how many sealed readings of [start, end) the Metrics have that have any.

    Not counted where one a second of each would not be too many to read at once.
    """
    found: dict[int, int] = {}
    if not _are_few(metric_ids, start, end):
        for metric_id, _, n in _sizes(metric_ids, start, end):
            found[metric_id] = found.get(metric_id, 0) + n
    return found


def _are_few(metric_ids: Sequence[int], start: int, end: int) -> bool:
    """Whether all readings of [start, end) may be in memory, even if there is one a second."""
    return len(metric_ids) * (end - start) <= READINGS_AT_ONCE * MICROS_PER_SECOND


def _sizes(metric_ids: Sequence[int], start: int, end: int) -> list[tuple[int, int, int]]:
    """Metric id, day and number of readings of the chunks that [start, end) touches, in order."""
    days = start // DAY, (end - 1) // DAY
    chunks = Chunk.objects.filter(metric_id__in=IdList(metric_ids), day__range=days)
    return list(chunks.order_by("metric_id", "day").values_list("metric_id", "day", "n"))


def count(metric_ids: Sequence[int], start: int, end: int) -> int:
    """How many readings of [start, end) there are; one in the head and in a chunk counts once."""
    sizes = backend().head_sizes(metric_ids, start, end)
    head = {(metric_id, day): n for metric_id, day, n in sizes}
    counted = sum(head.values())
    unsure: dict[int, list[int]] = {}
    for metric_id, day, n in _sizes(metric_ids, start, end):
        if (metric_id, day) not in head and start <= day * DAY and (day + 1) * DAY <= end:
            counted += n
        else:
            unsure.setdefault(day, []).append(metric_id)
            counted -= head.get((metric_id, day), 0)
    for day, ids in unsure.items():
        inside = max(start, day * DAY), min(end, (day + 1) * DAY)
        counted += sum(map(len, read(ids, *inside, with_neighbours=False).values()))
    return counted

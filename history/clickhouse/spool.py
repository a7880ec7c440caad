"""Readings on their way to a store outside this database: durable, and readable meanwhile.

The head is the spool. Readings are written there in the caller's transaction, with Latest,
and moved on in blocks; a reading leaves only after the store outside has acknowledged it. The
numbers of `Version` order all that is written outside:

- A mover takes a number, then reads rows, writes them outside under that number, and removes those
  that still have the value it has written, provided the clock has not moved on meanwhile. Stopped
  anywhere, it leaves each reading in at least one place, and writing it again changes nothing.
- A deletion takes a number, removes the rows it covers and is recorded. Until it was carried out
  outside, reads leave out what it covers, by number: late writers cannot bring anything back.
- A bulk write takes a number and gives the rows it overwrites its values, then writes outside.
"""

from collections.abc import Iterator, Sequence

from django.db import transaction

from history.arrays import ReadingBatch
from history.blocks import in_blocks
from history.clickhouse import checkpoints, versions
from history.merge import batch_of
from history.models import Reading, Tombstone
from history.relational.backend import backend

# Rows moved, and locked, at once: well above the 10,000 below which ClickHouse's parts get small.
BLOCK = 50_000
KEYS_AT_ONCE = 5_000  # named in one query, of some 150 KB
_LOWEST = -(2**63)


def blocks() -> Iterator[ReadingBatch]:
    """All rows by Metric id, then time, in blocks; rows written behind the position come too."""
    position = (_LOWEST, _LOWEST)
    while len(batch := backend().select_behind(position, BLOCK)):
        yield batch
        position = (int(batch.metric_ids[-1]), int(batch.timestamps[-1]))


def keys(metric_ids: Sequence[int], start: int, end: int) -> Iterator[ReadingBatch]:
    """The rows of these Metrics in the window, in blocks that a query can name."""
    return in_blocks(batch_of(backend().select(metric_ids, start, end)), KEYS_AT_ONCE)


def remove(batch: ReadingBatch, version: int) -> bool:
    """Remove the rows of `batch` that still have its values, if `version` is the newest number.

    Returns False, and removes nothing, when it is not: a deletion or another mover came between.
    """
    with transaction.atomic():
        if not versions.is_newest(version):
            return False
        backend().remove_equal(batch)
        checkpoints.drop_behind(batch)
    return True


def record_deletion(metric_ids: Sequence[int], start: int | None, end: int | None) -> None:
    """Delete the rows of these Metrics in the window, and the same outside."""
    since = {} if start is None else {"timestamp__gte": start}
    until = {} if end is None else {"timestamp__lt": end}
    covers = {} if start is None else {"start__gte": start}
    covers |= {} if end is None else {"end__lte": end}
    with transaction.atomic():
        version = versions.next_version()
        Reading.objects.filter(metric_id__in=metric_ids, **since, **until).delete()
        Tombstone.objects.filter(metric_id__in=metric_ids, **covers).delete()
        Tombstone.objects.bulk_create(
            Tombstone(version=version, metric_id=metric_id, start=start, end=end)
            for metric_id in metric_ids
        )


def deletions(metric_ids: Sequence[int]) -> list[Tombstone]:
    """What is recorded as deleted of these Metrics."""
    return list(Tombstone.objects.filter(metric_id__in=metric_ids))

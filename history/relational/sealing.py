"""Readings of the head into chunks, and chunks changed where some of their readings are deleted.

Everything happens in transactions that lock the Metrics they change: of two who seal or
delete, one waits for the other, and a process that is killed leaves everything as it was.
Writers of readings pass; what they bring of a sealed day is in the head, which wins, until the next
sealing.
"""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from django.db import transaction

from history.arrays import ReadingBatch, Samples
from history.blocks import by_weight
from history.buckets import DAY
from history.counting import BEGINNING
from history.merge import Level, merged
from history.models import Chunk
from history.relational import reading
from history.relational.backend import backend
from history.relational.chunks import decoded_chunks, encoded_chunks
from history.relational.locking import counters_among, lock
from history.relational.restating import (
    decide_behind,
    drop_checkpoints,
    keep_states,
    settle,
    states_before,
)
from history.relational.rollups import Traits
from history.resting import with_rests
from metrics.querysets import IdList

HEAD_DAYS = 2  # a day stays in the head for so long after its end: most late readings arrive then
AT_ONCE = 30_000  # readings that are sealed in one transaction, of one day


def seal(now: int, rest: float = 0) -> int:
    """Seal the head's readings of all days past at `now`; returns how many that were.

    `rest` is for how many times as long as each transaction took to let others write then.
    """
    backlog = with_rests(_backlog(_horizon(now)), rest)
    sealed = sum(seal_day(metric_ids, day) for day, metric_ids in backlog)
    settle(rest)
    return sealed


@transaction.atomic
def seal_day(metric_ids: Sequence[int], day: int, imported: Level | None = None) -> int:
    """Seal some Metrics' readings of a day: the head's, and the `imported` ones, which win.

    Returns how many readings were put into the day.
    """
    traits = lock(metric_ids)
    taken = backend().take(metric_ids, day * DAY, (day + 1) * DAY)
    fresh = merged(taken, imported or {})
    readings = merged(_day(list(fresh), day), fresh)
    counters = counters_among({metric_id: traits[metric_id] for metric_id in readings})
    states = states_before(day, counters) if counters else {}
    backend().write_chunks(list(encoded_chunks(day, readings, traits, states)))
    drop_checkpoints(counters, day)
    decide_behind(day, counters)
    return sum(map(len, fresh.values()))


@transaction.atomic
def append(batch: ReadingBatch, now: int) -> ReadingBatch:
    """Seal the de-duplicated readings of days past at `now`; returns the others."""
    days = batch.timestamps // DAY
    past = days < _horizon(now)
    if not past.any():
        return batch
    # All at once: taken day by day, they would come in an order in which two could deadlock.
    lock(np.unique(batch.metric_ids[past]).tolist())
    for day in np.unique(days[past]).tolist():
        imported = batch[days == day].by_metric()
        sizes = {metric_id: len(samples) for metric_id, samples in imported.items()}
        for block in by_weight(sorted(sizes), sizes, AT_ONCE):
            seal_day(block, day, {metric_id: imported[metric_id] for metric_id in block})
    return batch[~past]


@transaction.atomic
def prune(metric_ids: Sequence[int], before: int) -> int:
    """Delete the readings of the days before one, which still tell what later ones add."""
    keep_states(before // DAY, counters_among(lock(metric_ids)))
    count = reading.count(metric_ids, BEGINNING, before)
    backend().remove(metric_ids, BEGINNING, before)
    _delete_chunks(metric_ids, BEGINNING // DAY, before // DAY - 1)
    return count


@transaction.atomic
def delete(metric_ids: Sequence[int], start: int, end: int) -> int:
    """Delete the readings of [start, end), in chunks and in the head; returns how many."""
    traits = lock(metric_ids)
    count = reading.count(metric_ids, start, end)
    backend().remove(metric_ids, start, end)
    first, behind = -(-start // DAY), end // DAY  # of the days that lie wholly inside
    _delete_chunks(metric_ids, first, behind - 1)
    for day in {start // DAY, (end - 1) // DAY}:
        if not first <= day < behind:
            _cut(metric_ids, day, start, end, traits)
    drop_checkpoints(metric_ids, start // DAY)
    decide_behind(start // DAY - 1, counters_among(traits))
    return count


def _cut(
    metric_ids: Sequence[int], day: int, start: int, end: int, traits: Mapping[int, Traits]
) -> None:
    """Leave the readings of [start, end) out of a sealed day."""
    cut = {key: _without(samples, start, end) for key, samples in _day(metric_ids, day).items()}
    kept = {key: samples for key, samples in cut.items() if len(samples)}
    _delete_chunks(list(cut), day, day)
    backend().write_chunks(list(encoded_chunks(day, kept, traits, {})))


def _horizon(now: int) -> int:
    """The first day that stays in the head."""
    return now // DAY - HEAD_DAYS


def _day(metric_ids: Sequence[int], day: int) -> dict[int, Samples]:
    return decoded_chunks(backend().chunks(metric_ids, day, day)) if metric_ids else {}


def _delete_chunks(metric_ids: Sequence[int], first: int, last: int) -> None:
    Chunk.objects.filter(metric_id__in=IdList(metric_ids), day__range=(first, last)).delete()


def _without(samples: Samples, start: int, end: int) -> Samples:
    """The readings outside [start, end)."""
    kept = (samples.timestamps < start) | (samples.timestamps >= end)
    return Samples(samples.timestamps[kept], samples.values[kept])


def _backlog(before: int) -> Iterator[tuple[int, list[int]]]:
    """The days before one that the head has readings of, each once, with some of their Metrics."""
    since = -(2**62)
    while oldest := backend().oldest(since, before * DAY):
        day = min(oldest.values()) // DAY
        ids = [metric_id for metric_id, first in oldest.items() if first // DAY == day]
        found = backend().head_sizes(ids, day * DAY, (day + 1) * DAY)
        sizes = {metric_id: n for metric_id, _, n in found}
        yield from ((day, block) for block in by_weight(sorted(sizes), sizes, AT_ONCE))
        since = (day + 1) * DAY

"""The states of counters at the ends of past days, for a store outside this database.

A checkpoint is the state of its counter behind all readings up to the end of its day. The mover
writes it, provided the number of `Version` has not moved on since it began to compute it. Whatever
changes readings of that day or an earlier one deletes it: moving and deleting in the transaction
that takes them from the spool, bulk writes once before and once after. While an older reading lies
in the spool, the checkpoint is not used.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np
from django.db import transaction
from django.db.models import Max

from history.arrays import ReadingBatch
from history.blocks import in_blocks
from history.buckets import DAY
from history.clickhouse import versions
from history.counting import BEGINNING, Kept, Readings, brought_forward
from history.models import Checkpoint
from history.relational.backend import backend
from history.relational.increments import packed
from history.relational.states import NEVER, Counters, told
from history.rules import counters_by_id
from history.store import BLOCK
from metrics.querysets import IdList

# Late readings are common for so long, and each would delete what it comes before.
_PAST_DAYS = 2
# From one checkpoint to the next at most, of a long history that had none.
_STRIDE = 32 * DAY


def kept_states(counters: Counters, instant: int) -> dict[int, Kept]:
    """By Metric id, the latest right state of each counter, from before an instant."""
    found = told(
        backend().states(list(counters), instant // DAY, Checkpoint._meta.db_table), counters
    )
    for metric_id, kept in found.items():
        if kept.day >= kept.oldest // DAY:
            rows = backend().states([metric_id], kept.oldest // DAY, Checkpoint._meta.db_table)
            found |= told(rows, {metric_id: counters[metric_id]})
    return {
        metric_id: Kept()
        if kept.state is None or kept.day == NEVER
        else Kept((kept.day + 1) * DAY, kept.state)
        for metric_id, kept in found.items()
    }


def write(readings: Readings, now: int) -> None:
    """Write the checkpoints of days that are past at `now`, as far as nobody comes between."""
    behind = (now // DAY - _PAST_DAYS) * DAY
    for block in in_blocks(list(counters_by_id().items()), BLOCK):
        counters = dict(block)
        for since, first in _by_beginning(counters, behind, readings).items():
            if not _write_on(since, first, counters, behind, readings):
                return


def _write_on(
    since: int, kept: Mapping[int, Kept], counters: Counters, behind: int, readings: Readings
) -> bool:
    """Write the checkpoints of counters from an instant on; False if others have come between."""
    while since < behind:
        version = versions.next_version()
        if readings.count(list(kept), since, behind):
            since = min(since + _STRIDE, behind)
            kept = brought_forward(kept, counters, since, readings)
        else:
            since = behind
        if not _insert(kept, counters, since // DAY - 1, version):
            return False
    return True


def _by_beginning(
    counters: Counters, instant: int, readings: Readings
) -> dict[int, dict[int, Kept]]:
    """The states of counters by the instant from which their readings are to be read."""
    found: dict[int, dict[int, Kept]] = defaultdict(dict)
    for metric_id, kept in kept_states(counters, instant).items():
        if kept.since > BEGINNING:
            found[kept.since][metric_id] = kept
        elif first := readings.read_first([metric_id], BEGINNING, instant, 1).get(metric_id):
            drop([metric_id], None)  # those of other rules
            since = int(first.timestamps[0]) // DAY * DAY
            found[since][metric_id] = Kept(since, kept.state)
    return found


@transaction.atomic
def _insert(kept: Mapping[int, Kept], counters: Counters, day: int, version: int) -> bool:
    """Write the states that a day ended in; False, and nothing, if others have come between."""
    if not versions.is_newest(version):
        return False
    states = packed([state for _, state in kept.values()], [counters[key] for key in kept])
    Checkpoint.objects.filter(metric_id__in=IdList(kept), day=day).delete()
    Checkpoint.objects.bulk_create(
        Checkpoint(metric_id=key, day=day, state=bytes(state))
        for key, state in zip(kept, states, strict=True)
    )
    return True


def drop(metric_ids: Sequence[int], since: int | None) -> None:
    """Delete the checkpoints that an instant's readings are behind or in, or all of them."""
    behind = {} if since is None else {"day__gte": since // DAY}
    Checkpoint.objects.filter(metric_id__in=IdList(metric_ids), **behind).delete()


def drop_behind(batch: ReadingBatch) -> None:
    """Delete the checkpoints that readings, sorted by Metric and time, are behind or in."""
    ids, begins = np.unique(batch.metric_ids, return_index=True)
    first = dict(zip(ids.tolist(), batch.timestamps[begins].tolist(), strict=True))
    since = min(first.values(), default=0) // DAY
    recent = Checkpoint.objects.filter(metric_id__in=IdList(first), day__gte=since)
    newest = recent.values_list("metric_id").annotate(newest=Max("day"))
    for metric_id, day in newest.order_by("metric_id"):
        if day >= first[metric_id] // DAY:
            drop([metric_id], first[metric_id])


def thin(metric_ids: Sequence[int], before: int) -> None:
    """Delete checkpoints of days before one, but each Metric's last."""
    for metric_id, _, last, _ in backend().states(
        metric_ids, before // DAY, Checkpoint._meta.db_table
    ):
        if last is not None:
            Checkpoint.objects.filter(metric_id=metric_id, day__lt=last).delete()

"""Latest values whose readings are gone from history."""

from collections.abc import Sequence

from django.db import transaction
from django.db.models import Q

from energy.instants import MICROS_PER_SECOND, from_micros, to_micros
from history import get_store
from history.arrays import Samples
from history.buckets import Window
from metrics.freshness import CLOCK_TOLERANCE
from metrics.models import Latest, Metric

# Behind every reading: the store keeps years up to 2200.
_FAR = 2**53


@transaction.atomic
def move_latest_back(metric_ids: Sequence[int], gone: Window, now: int) -> None:
    """Let latest values be what they are without the readings of a window, which were deleted.

    The newest reading that is left and not ahead of the clock takes the place of one that is gone;
    where there is none, the newest of all. It counts as received when it was measured, because
    when it really arrived is not kept. `now` is in microseconds since the Unix epoch.
    """
    within = Q(latest__timestamp__gte=gone.start, latest__timestamp__lt=gone.end)
    dated = Q(latest__ahead_until__gte=gone.start, latest__ahead_until__lt=gone.end)
    affected = Metric.objects.filter(within | dated, pk__in=metric_ids)
    # Whoever stores readings locks the Metric until the commit (`ingest.door`): none come between.
    locked = affected.select_for_update(of=("self",)).order_by("pk")
    ids = list(locked.values_list("pk", flat=True))
    known = Latest.objects.in_bulk(ids)
    moved = [_moved(latest, known.get(latest.metric_id), gone) for latest in _left(ids, now)]
    Latest.objects.filter(metric__in=ids).delete()
    Latest.objects.bulk_create(moved)


def _left(metric_ids: Sequence[int], now: int) -> list[Latest]:
    """The latest values that the readings in history give, of Metrics that have any."""
    ahead = now + CLOCK_TOLERANCE * MICROS_PER_SECOND + 1
    store = get_store()
    newest = store.read(metric_ids, _FAR, _FAR + 1, with_neighbours=True)
    until_now = store.read(metric_ids, ahead, ahead + 1, with_neighbours=True)
    return [
        _latest(pk, until_now[pk].within(0, ahead), newest[pk], now)
        for pk in metric_ids
        if len(newest[pk])
    ]


def _latest(pk: int, until_now: Samples, newest: Samples, now: int) -> Latest:
    chosen = until_now if len(until_now) else newest
    measured, last = int(chosen.timestamps[-1]), int(newest.timestamps[-1])
    is_ahead = last > now + CLOCK_TOLERANCE * MICROS_PER_SECOND
    return Latest(
        metric_id=pk,
        value=float(chosen.values[-1]),
        timestamp=from_micros(measured),
        received_at=from_micros(min(measured, now)),
        ahead_until=from_micros(last) if is_ahead else None,
    )


def _moved(left: Latest, before: Latest | None, gone: Window) -> Latest:
    """What is left; where its reading is not gone, the one before says when that arrived."""
    if before and not gone.start <= to_micros(before.timestamp) < gone.end:
        before.ahead_until = left.ahead_until
        return before
    return left

"""What people do to history, beyond reading it."""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.db import transaction
from django.utils import timezone

from energy.instants import from_micros, to_micros
from history import get_store
from history.arrays import Samples
from history.buckets import Window
from ingest.signals import readings_deleted
from metrics.freshness import CLOCK_TOLERANCE
from metrics.models import Latest, Metric

# Behind every reading: the store keeps years up to 2200.
_FAR = 2**53

audit = logging.getLogger("ingest.audit")


@transaction.atomic
def delete_readings(metrics: Sequence[Metric], window: Window, *, actor: Any) -> int:
    """Delete the readings of a half-open window; return how many.

    The latest value moves to the newest reading that is left and not ahead of the clock, counted as
    received when it was measured: when it really arrived is not kept. Who did it is told by
    `readings_deleted` and written to the log `ingest.audit`.
    """
    ids = sorted(metric.pk for metric in metrics)
    # Whoever stores readings locks the Metric until the commit (`ingest.door`): none come between.
    list(Metric.objects.select_for_update().filter(pk__in=ids).order_by("pk"))
    counts = {pk: get_store().delete([pk], *window) for pk in ids}
    _move_latest_back(ids, window)
    for metric in metrics:
        _tell(metric, window, counts[metric.pk], actor)
    return sum(counts.values())


def _move_latest_back(ids: Sequence[int], window: Window) -> None:
    gone = Latest.objects.filter(
        metric__in=ids, timestamp__gte=window.start, timestamp__lt=window.end
    )
    moved = list(gone)
    now = timezone.now()
    ahead = to_micros(now + timedelta(seconds=CLOCK_TOLERANCE)) + 1
    metric_ids, store = [latest.metric_id for latest in moved], get_store()
    newest = store.read(metric_ids, _FAR, _FAR + 1, with_neighbours=True)
    # With what lies before, as far as there is any, and what is ahead where there is nothing else.
    newest |= {
        pk: samples.within(0, ahead)
        for pk, samples in store.read(metric_ids, ahead, ahead + 1, with_neighbours=True).items()
        if len(samples.within(0, ahead))
    }
    gone.delete()
    dated = Latest.objects.filter(metric__in=ids, ahead_until__gte=window.start)
    dated.filter(ahead_until__lt=window.end).update(ahead_until=None)
    Latest.objects.bulk_create(
        _latest(pk, samples, now) for pk, samples in newest.items() if len(samples)
    )


def _latest(pk: int, samples: Samples, now: datetime) -> Latest:
    measured = from_micros(int(samples.timestamps[-1]))
    value = float(samples.values[-1])
    received_at = min(measured, now)
    return Latest(metric_id=pk, value=value, timestamp=measured, received_at=received_at)


def _tell(metric: Metric, window: Window, count: int, actor: Any) -> None:
    readings_deleted.send(sender=None, metric=metric, window=window, count=count, actor=actor)
    start, end = (from_micros(instant).isoformat() for instant in window)
    line = "readings deleted: user=%s metric=%s start=%s end=%s count=%s"
    transaction.on_commit(partial(audit.info, line, actor.pk, metric.pk, start, end, count))

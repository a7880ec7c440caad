"""What people do to history, beyond reading it."""

import logging
from collections.abc import Sequence
from functools import partial
from typing import Any

from django.db import transaction
from django.utils import timezone

from energy.instants import from_micros, to_micros
from history import get_store
from history.buckets import Window
from history.latest import move_latest_back
from ingest.signals import readings_deleted
from metrics.models import Metric

audit = logging.getLogger("ingest.audit")


@transaction.atomic
def delete_readings(metrics: Sequence[Metric], window: Window, *, actor: Any) -> int:
    """Delete the readings of a half-open window; return how many.

    The latest value moves to the newest reading that is left and not ahead of the clock. Who did it
    is told by `readings_deleted` and written to the log `ingest.audit`.
    """
    ids = sorted(metric.pk for metric in metrics)
    # Whoever stores readings locks the Metric until the commit (`ingest.door`): none come between.
    list(Metric.objects.select_for_update().filter(pk__in=ids).order_by("pk"))
    counts = {pk: get_store().delete([pk], *window) for pk in ids}
    move_latest_back(ids, window, to_micros(timezone.now()))
    for metric in metrics:
        _tell(metric, window, counts[metric.pk], actor)
    return sum(counts.values())


def _tell(metric: Metric, window: Window, count: int, actor: Any) -> None:
    readings_deleted.send(sender=None, metric=metric, window=window, count=count, actor=actor)
    start, end = (from_micros(instant).isoformat() for instant in window)
    line = "readings deleted: user=%s metric=%s start=%s end=%s count=%s"
    transaction.on_commit(partial(audit.info, line, actor.pk, metric.pk, start, end, count))

"""The one door for readings: whatever brings them, they are stored here and nowhere else."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import cast

import numpy as np
from django.db import transaction

from energy.instants import to_micros
from history import get_store
from history.arrays import ReadingBatch
from history.relational.backend import backend
from ingest.checking import check_readings
from ingest.clocks import note_clocks_ahead
from ingest.discovering import keep_waiting, lock_names
from ingest.finding import find_metrics
from ingest.names import ExternalName
from ingest.parsed import ParsedReadings, Rejection
from ingest.sender import Sender
from ingest.signals import readings_stored
from metrics.models import Metric


@dataclass(frozen=True, slots=True)
class Received:
    """How many readings of a request were stored, and which were refused, in the order sent.

    `waiting` came under names that nothing maps, and are kept until these have a Metric; `ignored`
    came under names that somebody chose to ignore, and are kept nowhere.
    """

    accepted: int
    rejections: list[Rejection]
    waiting: int = 0
    ignored: int = 0


@transaction.atomic
def receive_readings(
    parsed: ParsedReadings, *, sender: Sender, now: datetime, partial: bool, in_bulk: bool = False
) -> Received:
    """Check what `sender` brings, and store all of it or, with `partial`, what is good.

    Unless `partial`, one bad reading refuses all. `in_bulk` stores as `store_history` does. The
    Metrics are locked by the statement that finds which of them the sender sees.
    """
    found = find_metrics(parsed.metrics, sender)
    seen = backend().lock_metrics(sender.metrics().among(found.ids.tolist()))
    checked = check_readings(parsed, found, seen, now=now)
    if checked.rejections and not partial:
        return Received(0, checked.rejections)
    if len(checked.waiting) and not _wait(parsed, checked.waiting, sender, now):
        return receive_readings(parsed, sender=sender, now=now, partial=partial, in_bulk=in_bulk)
    stored = _store(checked.batch, now, in_bulk=in_bulk)
    return Received(stored, checked.rejections, len(checked.waiting), checked.ignored)


def _wait(parsed: ParsedReadings, batch: ReadingBatch, sender: Sender, now: datetime) -> bool:
    """Keep readings of names that nothing maps; False where one of them has just been mapped."""
    # A name from outside is all that waits.
    names = cast("Sequence[ExternalName]", parsed.metrics)
    arrived = {names[index]: samples for index, samples in batch.by_metric().items()}
    rows = lock_names(arrived, sender, now)
    if rows is not None:
        keep_waiting(arrived, rows, now)
    return rows is not None


@transaction.atomic
def store_history(batch: ReadingBatch, *, now: datetime) -> int:
    """Store many readings of the past, of which those of days past are sealed at once.

    Worth it where a batch has whole days of its Metrics. Readings of a Metric that was deleted
    meanwhile are dropped. Returns how many of the batch's readings were taken.
    """
    metric_ids = np.unique(batch.metric_ids)
    existing = backend().lock_metrics(Metric.objects.among(metric_ids.tolist()))
    if existing.size < metric_ids.size:
        batch = batch[np.isin(batch.metric_ids, existing)]
    return _store(batch, now, in_bulk=True)


def _store(batch: ReadingBatch, now: datetime, *, in_bulk: bool) -> int:
    """Store readings of locked Metrics, move the latest values, and tell the layers above.

    `now` is when they were received. The last of several readings of one Metric and instant wins,
    within the batch and against what is stored. A negative zero is stored as zero: a
    row of SQLite keeps no sign of it, one of PostgreSQL and a chunk would. Returns how many of the
    batch's readings were taken, repeated ones included. `readings_stored` is sent after the commit,
    and a receiver that fails cannot undo it.
    """
    if len(batch):
        batch = replace(batch, values=batch.values + 0.0)  # -0.0 + 0.0 is 0.0
        store, received_at = get_store(), to_micros(now)
        readings = store.append_history(batch, received_at) if in_bulk else store.append(batch)
        backend().move_latest(readings, received_at)
        note_clocks_ahead(readings, received_at)
        announce = partial(readings_stored.send_robust, sender=None, batch=readings)
        transaction.on_commit(announce)
    return len(batch)

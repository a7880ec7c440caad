"""What people decide about names from outside: which Metric they stand for, or that they do not."""

from datetime import datetime
from typing import Any, NamedTuple

import numpy as np
from django.db import transaction
from django.db.models import F, Sum
from django.utils import timezone

from energy.errors import Conflict, DomainError
from energy.instants import from_micros, to_micros
from history.buckets import DAY
from ingest.discovering import lock_names, waiting_readings
from ingest.door import receive_readings
from ingest.models import Alias, Discovered, Named, WaitingReadings
from ingest.names import ExternalName
from ingest.parsed import ParsedReadings
from ingest.sender import OPERATOR, Sender
from metrics.units import UNITS, factor_between

_AT_ONCE = 500  # rows that one statement changes, so that nobody else waits for it


class BackFilled(NamedTuple):
    """An alias, how many readings that waited were stored under it, and how many could not be."""

    alias: Alias
    stored: int
    refused: int


def sender_of(named: Named, user: Any) -> Sender:
    """Whoever uses a name from outside; `user` on behalf of those who are bound to its Site."""
    if named.site_id is not None:
        return Sender(user, named.source, named.site_id)
    return Sender(named.owner or OPERATOR, named.source)


@transaction.atomic
def make_alias(alias: Alias, user: Any) -> BackFilled:
    """Store a new alias, and the readings that waited for it, through the one door.

    Where a reading of the same instant is stored already, the one that waited takes its place.
    Raises DomainError for a Metric that the name's senders may not bring readings of, and for a
    factor that makes all that waits infinite; Conflict where the name has an alias.
    """
    sender, now = sender_of(alias, user), timezone.now()
    check_metric(alias, user)
    external = ExternalName(alias.name)
    rows = lock_names([external], sender, now)
    if rows is None or Alias.objects.of(sender).named([alias.name]).exists():
        message = "This name has an alias already: change that one."
        raise Conflict(message, code="unique", field="name")
    times, values = waiting_readings(rows[alias.name])
    rows[alias.name].delete()
    alias.save()
    nth = np.arange(times.size)
    waited = ParsedReadings([external], np.zeros(times.size, np.intp), times, values, nth)
    received = receive_readings(waited, sender=sender, now=now, partial=True)
    if received.rejections and not received.accepted:
        message = "With this factor no reading that waits is a finite number."
        raise DomainError(message, code="too_large", field="factor")
    return BackFilled(alias, received.accepted, len(received.rejections))


def check_metric(alias: Alias, user: Any) -> None:
    """Raise DomainError unless the senders of the name may bring readings of the alias's Metric."""
    if not sender_of(alias, user).metrics().filter(pk=alias.metric_id).exists():
        site = f" of {alias.site}" if alias.site else ""
        message = f"There is no such metric{site} that this source may send readings of."
        raise DomainError(message, code="does_not_exist", field="metric")


def accept(
    row: Discovered, metric: Any, user: Any, *, factor: float | None = None, sign: int = 1
) -> BackFilled:
    """Let a discovered name stand for `metric` from now on, and store what waited.

    `factor` is what leads from the unit of the name to the Metric's, unless another is given.
    """
    alias = Alias(
        site_id=row.site_id,
        owner_id=row.owner_id,
        source=row.source,
        name=row.name,
        metric=metric,
        factor=factor_to(row.unit, metric.unit) if factor is None else factor,
        sign=sign,
    )
    return make_alias(alias, user)


def factor_to(unit: str, base: str) -> float:
    """What a value in the unit of a name is multiplied by to be in a Metric's unit `base`.

    1 where the unit of the name is not known. Raises DomainError where both are known and no factor
    leads from one to the other.
    """
    if unit == base or unit not in UNITS or base not in UNITS:
        return 1.0
    factor = factor_between(unit, base)
    if factor is None:
        message = (
            f"The name is in {unit} and the metric in {base}: no factor leads from one to the "
            "other. If the unit of the name is wrong, say which factor there is."
        )
        raise DomainError(message, code="no_factor", field="factor")
    return factor


@transaction.atomic
def ignore(row: Discovered) -> None:
    """Ignore a name for good, and let go of what waits for it."""
    locked = Discovered.objects.select_for_update().get(pk=row.pk)
    locked.batches.all().delete()
    Discovered.objects.filter(pk=row.pk).update(
        is_ignored=True, waiting=0, dropped=F("dropped") + F("waiting")
    )


def take_back(row: Discovered) -> None:
    """No longer ignore a name: what comes under it waits again."""
    Discovered.objects.filter(pk=row.pk).update(is_ignored=False)


def let_go_of_the_old(now: datetime, days: int) -> int:
    """Drop readings that have waited for `days`, and names that nothing has come under since.

    Names that are ignored stay. Returns how many readings were dropped.
    """
    before = from_micros(to_micros(now) - days * DAY)
    count = 0
    old = WaitingReadings.objects.filter(received_at__lt=before)
    while names := list(old.values_list("discovered", flat=True).distinct()[:_AT_ONCE]):
        count += _drop(names, before)
    Discovered.objects.waiting().filter(last_seen__lt=before).delete()
    return count


@transaction.atomic
def _drop(names: list[int], before: datetime) -> int:
    """Drop what came before an instant under some names, whose rows are locked for it."""
    rows = Discovered.objects.filter(pk__in=names).order_by("pk").select_for_update()
    locked = [row.pk for row in rows]
    batches = WaitingReadings.objects.filter(discovered__in=locked, received_at__lt=before)
    sums = dict(batches.values_list("discovered").annotate(Sum("n")).order_by())
    batches.delete()
    for name, n in sums.items():
        Discovered.objects.filter(pk=name).update(
            waiting=F("waiting") - n, dropped=F("dropped") + n
        )
    return sum(sums.values())

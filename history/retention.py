"""How long readings are kept: so many days for all Metrics, or as a Metric itself says."""

from collections import defaultdict
from collections.abc import Iterator

from django.conf import settings
from django.db import transaction

from energy.instants import from_micros
from energy.server_clock import require_belief
from history import get_store
from history.blocks import in_blocks
from history.buckets import DAY, Window
from history.latest import move_latest_back
from history.signals import readings_pruned
from history.store import BLOCK
from metrics.models import Metric


def prunable(now: int) -> int:
    """How many readings are older than they are kept, at `now` in microseconds since the epoch."""
    return sum(get_store().count(block, None, before) for _, before, block in _due(now))


def prune(now: int, *, force: bool = False) -> int:
    """Delete those readings; returns how many.

    Whole UTC days go, so what is kept may be up to a day older. A latest value goes with its
    reading, unless one is left that was dated ahead of the clock when it arrived. Raises
    ClockDoubtError, unless forced, where the clock is far ahead of all readings.
    """
    due = list(_due(now))
    if due and not force:
        require_belief(from_micros(now))
    return sum(_prune(site, before, block, now) for site, before, block in due)


@transaction.atomic
def _prune(site: int, before: int, metric_ids: list[int], now: int) -> int:
    count = get_store().prune(metric_ids, before)
    move_latest_back(metric_ids, Window(0, before), now)
    if count:
        readings_pruned.send(sender=None, site_id=site, before=before, count=count)
    return count


def _due(now: int) -> Iterator[tuple[int, int, list[int]]]:
    """Of each Site, blocks of Metrics, and the instant before which their readings are not kept."""
    groups: dict[tuple[int, int], list[int]] = defaultdict(list)
    columns = ("device__site_id", "pk", "retention_days")
    for site, pk, own in Metric.objects.order_by("pk").values_list(*columns):
        if days := own or settings.HISTORY_RETENTION_DAYS:
            groups[site, days].append(pk)
    for (site, days), ids in groups.items():
        before = (now // DAY - days) * DAY
        yield from ((site, before, block) for block in in_blocks(ids, BLOCK))

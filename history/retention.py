"""How long readings are kept: so many days for all Metrics, or as a Metric itself says."""

from collections import defaultdict
from collections.abc import Iterator

from django.conf import settings
from django.db import transaction

from energy.instants import from_micros
from energy.server_clock import require_belief
from history import get_store
from history.blocks import in_blocks
from history.buckets import DAY
from history.store import BLOCK
from metrics.models import Latest, Metric


def prunable(now: int) -> int:
    """How many readings are older than they are kept, at `now` in microseconds since the epoch."""
    return sum(get_store().count(block, None, before) for before, block in _due(now))


def prune(now: int, *, force: bool = False) -> int:
    """Delete those readings; returns how many.

    Whole UTC days go, so what is kept may be up to a day older. A latest value goes with its
    reading, and none is left that could take its place. Raises ClockDoubtError, unless forced,
    where the clock is far ahead of all readings.
    """
    due = list(_due(now))
    if due and not force:
        require_belief(from_micros(now))
    return sum(_prune(before, block) for before, block in due)


@transaction.atomic
def _prune(before: int, metric_ids: list[int]) -> int:
    count = get_store().prune(metric_ids, before)
    Latest.objects.filter(metric__in=metric_ids, timestamp__lt=from_micros(before)).delete()
    return count


def _due(now: int) -> Iterator[tuple[int, list[int]]]:
    """Blocks of Metrics, and the instant before which their readings are not kept."""
    groups: dict[int, list[int]] = defaultdict(list)
    for pk, own in Metric.objects.order_by("pk").values_list("pk", "retention_days"):
        if days := own or settings.HISTORY_RETENTION_DAYS:
            groups[days].append(pk)
    for days, ids in groups.items():
        before = (now // DAY - days) * DAY
        yield from ((before, block) for block in in_blocks(ids, BLOCK))

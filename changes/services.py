"""How long changes are kept."""

from datetime import datetime, timedelta

from django.conf import settings

from changes.models import Change
from energy.server_clock import require_belief

BLOCK = 5_000  # entries of one statement, so that nobody else waits for it


def prune(now: datetime, *, force: bool = False) -> int:
    """Delete the changes that are older than CHANGES_RETENTION_DAYS; returns how many.

    Raises ClockDoubtError, unless forced, where the clock is far ahead of all readings.
    """
    if not settings.CHANGES_RETENTION_DAYS:
        return 0
    if not force:
        require_belief(now)
    kept_from = now - timedelta(days=settings.CHANGES_RETENTION_DAYS)
    past = (
        Change.objects.filter(timestamp__lt=kept_from).order_by("pk").values_list("pk", flat=True)
    )
    count = 0
    while keys := list(past[:BLOCK]):
        count += Change.objects.filter(pk__in=keys).delete()[0]
    return count

"""What the worker does by the clock, in UTC."""

import logging

from django.utils import timezone
from huey import crontab
from huey.contrib.djhuey import db_periodic_task

from changes.services import prune
from energy.server_clock import ClockDoubtError

log = logging.getLogger(__name__)


@db_periodic_task(crontab(minute="57", hour="2"))
def prune_changes() -> None:
    """Delete what is not kept any longer, while few look."""
    try:
        count = prune(timezone.now())
    except ClockDoubtError as doubt:
        log.error("%s", doubt)
        return
    log.info("Deleted %s changes that are not kept any longer", count)

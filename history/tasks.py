"""What the worker does by the clock, in UTC. Whatever is missed or stopped, the next run does."""

import logging

from django.utils import timezone
from huey import crontab
from huey.contrib.djhuey import db_periodic_task

from energy.instants import to_micros
from energy.server_clock import ClockDoubtError
from history import get_store, retention

log = logging.getLogger(__name__)

# A day of a thousand Metrics is sealed in seconds, in which readings arrive: on SQLite there is one
# writer at a time.
SEALING_REST = 6.0


@db_periodic_task(crontab(minute="7"))
def seal_history() -> None:
    """Seal days past, an hour at most after they are due."""
    count = get_store().seal(to_micros(timezone.now()), rest=SEALING_REST)
    log.info("Sealed %s readings", count)


@db_periodic_task(crontab(minute="37", hour="2"))
def prune_history() -> None:
    """Delete what is not kept any longer, while few look."""
    try:
        count = retention.prune(to_micros(timezone.now()))
    except ClockDoubtError as doubt:
        log.error("%s", doubt)
        return
    log.info("Deleted %s readings that are not kept any longer", count)

"""What the worker does by the clock, in UTC. Whatever is missed or stopped, the next run does."""

import logging

from django.conf import settings
from django.utils import timezone
from huey import crontab
from huey.contrib.djhuey import db_periodic_task

from ingest.importing import tasks as importing
from ingest.naming.services import let_go_of_the_old

__all__ = ["importing"]  # The worker looks for jobs in the module `tasks` of an app.

log = logging.getLogger(__name__)


@db_periodic_task(crontab(minute="27"))
def drop_old_waiting_readings() -> None:
    """Drop what has waited for a Metric for too long, an hour at most after it has."""
    count = let_go_of_the_old(timezone.now(), settings.INGEST_DISCOVER_DAYS)
    log.info("Dropped %s readings that waited for a metric", count)

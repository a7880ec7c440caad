"""What the worker does by the clock, in UTC."""

import logging

from django.utils import timezone
from huey import crontab
from huey.contrib.djhuey import db_periodic_task

from accounts.throttling import forget_what_is_past
from accounts.token_use import delete_expired
from energy.server_clock import ClockDoubtError

log = logging.getLogger(__name__)


@db_periodic_task(crontab(minute="17"))
def forget_sign_in_counts() -> None:
    """Drop what was counted of attempts to sign in, once it means nothing any longer.

    Whatever the clock says: no count means anything for longer than a day.
    """
    forget_what_is_past(timezone.now())


@db_periodic_task(crontab(minute="47", hour="2"))
def delete_expired_tokens() -> None:
    """Drop tokens that nobody can use any longer."""
    try:
        count = delete_expired(timezone.now())
    except ClockDoubtError as doubt:
        log.error("%s", doubt)
        return
    log.info("Deleted %s tokens that have expired", count)

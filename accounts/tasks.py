"""What the worker does by the clock, in UTC."""

from django.utils import timezone
from huey import crontab
from huey.contrib.djhuey import db_periodic_task

from accounts.throttling import forget_what_is_past


@db_periodic_task(crontab(minute="17"))
def forget_sign_in_counts() -> None:
    """Drop what was counted of attempts to sign in, once it means nothing any longer."""
    forget_what_is_past(timezone.now())

"""Records the use of tokens, where no lock has to be waited for; deletes those that expired."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta

from django.db import OperationalError, connection, transaction
from django.db.models import Q, QuerySet

from accounts.models import ApiToken
from energy.server_clock import require_belief

# One write a minute is enough to see on the account page whether a token is in use.
_RECORDED_EVERY = timedelta(minutes=1)


def record_use(token: ApiToken, now: datetime) -> None:
    """Record that the token is used now.

    This happens at most once a minute. While another process writes, it is left to a later request,
    because a request that only reads must not wait for the write lock.
    """
    if token.last_used_at is not None and now - token.last_used_at <= _RECORDED_EVERY:
        return
    with suppress(OperationalError), _without_waiting(), transaction.atomic():
        _unlocked(Q(pk=token.pk)).update(last_used_at=now)


def delete_expired(now: datetime) -> int:
    """Delete the tokens that have expired; returns how many.

    No request does that: where the clock is ahead, all have, and work again once it is set right.
    Raises ClockDoubtError where the clock is far ahead of all readings.
    """
    expired = ApiToken.objects.filter(expiry__lt=now)
    if expired.exists():
        require_belief(now)
    return expired.delete()[0]


def _unlocked(condition: Q) -> QuerySet[ApiToken]:
    """The matching tokens whose rows no other transaction has locked."""
    free = ApiToken.objects.select_for_update(skip_locked=True).filter(condition)
    return ApiToken.objects.filter(pk__in=free.values("pk"))


@contextmanager
def _without_waiting() -> Iterator[None]:
    """Make the block fail at once while another connection holds SQLite's write lock.

    PostgreSQL locks single rows, which queries can skip, so there this does nothing.
    """
    if connection.features.has_select_for_update:
        yield
        return
    with connection.cursor() as cursor:
        patience = cursor.execute("PRAGMA busy_timeout").fetchone()[0]
        cursor.execute("PRAGMA busy_timeout = 0")
        try:
            yield
        finally:
            cursor.execute(f"PRAGMA busy_timeout = {patience}")

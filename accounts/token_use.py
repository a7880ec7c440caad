"""What is noted when a token is used, where that is possible without waiting for anybody."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta

from django.db import OperationalError, connection, transaction
from django.db.models import Q, QuerySet

from accounts.models import ApiToken

# One write a minute is enough to see on the account page whether a token is in use.
_RECORDED_EVERY = timedelta(minutes=1)


def record_use(token: ApiToken, now: datetime) -> None:
    """Note that the token was used now, and drop those of its owner that have expired.

    It is done once a minute at most. While somebody else writes it is left to a later request,
    because a request that only reads must not wait for the right to write.
    """
    if token.last_used_at is not None and now - token.last_used_at <= _RECORDED_EVERY:
        return
    with suppress(OperationalError), _without_waiting(), transaction.atomic():
        _unlocked(Q(pk=token.pk)).update(last_used_at=now)
        _unlocked(Q(user=token.user_id, expiry__lt=now)).delete()


def drop(token: ApiToken) -> None:
    """Delete a token that has expired, unless that would have to wait."""
    with suppress(OperationalError), _without_waiting(), transaction.atomic():
        _unlocked(Q(pk=token.pk)).delete()


def _unlocked(condition: Q) -> QuerySet[ApiToken]:
    """The tokens of which nobody else has locked the row."""
    free = ApiToken.objects.select_for_update(skip_locked=True).filter(condition)
    return ApiToken.objects.filter(pk__in=free.values("pk"))


@contextmanager
def _without_waiting() -> Iterator[None]:
    """Let the block fail at once where the whole database is locked, as SQLite's is by a writer.

    Where rows are locked instead, those that are can be skipped, and this does nothing.
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

"""The numbers that order what is written to a store outside this database."""

import time

from django.db import transaction

from history.models import Version

_ONLY = 1  # the primary key of the one row


def next_version() -> int:
    """Take the next number, in the caller's transaction; others who want one wait for its end.

    At least the microseconds since the epoch, so that a database restored from a backup does not
    count below what was written outside after that backup.
    """
    with transaction.atomic():
        clock, _ = Version.objects.select_for_update().get_or_create(
            pk=_ONLY, defaults={"version": 0}
        )
        clock.version = max(clock.version + 1, time.time_ns() // 1000)
        clock.save(update_fields=["version"])
    return clock.version


def is_newest(version: int) -> bool:
    """Whether nobody has taken a number since; nobody can before the transaction's end."""
    newest = Version.objects.select_for_update().filter(pk=_ONLY, version=version)
    return newest.exists()

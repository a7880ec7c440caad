"""Whether what deletes what is old may believe the server's clock, which may be years ahead.

A machine without a battery for its clock, or a slip of an administrator, is enough for that. What
is deleted then is lost, and what waits for a day longer does no harm: so the clock has to be
confirmed by others, such as the clocks of Devices, whose readings keep coming in.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

# How far the newest sign of life may lie behind the clock.
BELIEVED_FOR = timedelta(days=7)

Witness = Callable[[], datetime | None]
_witnesses: list[tuple[str, Witness]] = []


class ClockDoubtError(Exception):
    """The clock is far ahead of everything that is known; says what to do."""


def add_witness(what: str, newest: Witness) -> None:
    """Have the clock compared with `newest`: when the newest of `what` was, None without any."""
    _witnesses.append((what, newest))


def require_belief(now: datetime) -> None:
    """Raise ClockDoubtError where `now` is far past the newest that any witness knows."""
    for what, newest in _witnesses:
        seen = newest()
        if seen is not None and now - seen > BELIEVED_FOR:
            raise ClockDoubtError(
                f"Nothing is deleted: the clock says {now:%Y-%m-%d}, and the newest {what} is of "
                f"{seen:%Y-%m-%d}. Set the clock right. If it is right, use --force with "
                "`manage.py prune_history` or `manage.py prune_changes`."
            )

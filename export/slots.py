"""Limits how many exports run at once: each takes a thread of the server until its last byte.

A slot is a file that is locked while an export runs. The system releases the lock however the
process ends, and all processes of a machine, which share its threads, see the same locks.
"""

import fcntl
import os
from collections.abc import Sequence
from typing import IO, Any

from django.conf import settings

from energy.errors import TooManyRequests
from energy.run_dir import run_dir

_AGAIN_IN = 5  # s


class Slot:
    """Permission to run one export, until it is released."""

    def __init__(self, locked: Sequence[IO[bytes]]) -> None:
        self._locked = locked

    def release(self) -> None:
        """Unlock it; a second time changes nothing."""
        for file in self._locked:
            file.close()


def take_slot(user: Any) -> Slot:
    """A slot for an export by `user`.

    Raises TooManyRequests where EXPORTS_PER_USER of theirs run already, or EXPORTS_AT_ONCE in all.
    Each process keeps a thread for other requests.
    """
    limits = (
        (f"user-{user.pk}", settings.EXPORTS_PER_USER, "of yours"),
        ("all", settings.EXPORTS_AT_ONCE, "in all"),
        (f"process-{os.getpid()}", settings.EXPORTS_PER_PROCESS, "in all"),
    )
    locked: list[IO[bytes]] = []
    for name, most, whose in limits:
        file = _locked(name, most)
        if file is None:
            Slot(locked).release()
            raise TooManyRequests(
                f"As many exports {whose} run as may at once: wait until one has ended.",
                code="too_many_exports",
                retry_after=_AGAIN_IN,
            )
        locked.append(file)
    return Slot(locked)


def _locked(name: str, most: int) -> IO[bytes] | None:
    """One of `most` files of that name, now locked; None where all are locked already."""
    folder = run_dir()
    for number in range(most):
        file = (folder / f"export-{name}-{number}").open("ab")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
        else:
            return file
    return None

"""The child processes of `make run`: supervised, and none outlives its supervisor."""

import contextlib
import ctypes
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from functools import partial

# Longer than gunicorn waits for the requests under way (GRACEFUL_TIMEOUT).
STOP_SECONDS = 10.0
# From one start of a child that is revived to the next, at least.
REVIVE_SECONDS = 5.0
STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_LIBC = ctypes.CDLL(None)
_PR_SET_PDEATHSIG = 1


class Stopped(Exception):
    """Somebody asked the watcher to stop."""


class Signals:
    """Signals of the kernel, delivered only inside `wait`.

    No signal interrupts the start or the end of a child, however many arrive and whenever.
    """

    def __init__(self) -> None:
        self._heard, self._said = os.pipe()
        os.set_blocking(self._said, False)
        signal.set_wakeup_fd(self._said, warn_on_full_buffer=False)
        for signum in (*STOPPING, signal.SIGCHLD):
            signal.signal(signum, lambda *_: None)

    def wait(self, seconds: float | None = None) -> None:
        """Return after a time, or when a child has ended. Raises Stopped when told to stop."""
        ready, _, _ = select.select([self._heard], [], [], seconds)
        if ready and set(os.read(self._heard, 4096)) & set(STOPPING):
            raise Stopped


class Child:
    """A process in a group of its own, which a terminal's Ctrl-C does not reach.

    On Linux the kernel asks it to stop when the watcher is gone, even if that was killed. One that
    is `revived` is started again when it ends by itself; the end of any other is the end of all.
    """

    def __init__(
        self, name: str, *command: str, stdout: int | None = None, revived: bool = False
    ) -> None:
        self.name = name
        self._command = command
        self._stdout = stdout
        self._revived = revived
        self._start()

    def _start(self) -> None:
        self._started_at = time.monotonic()
        self.process = subprocess.Popen(
            self._command,
            stdout=self._stdout,
            process_group=0,
            preexec_fn=partial(end_with, os.getpid()),  # noqa: PLW1509  # There are no threads.
        )

    def revive(self) -> bool:
        """Start a child again that has ended, unless it was just started; False if it has to stay.

        It is asked again after REVIVE_SECONDS, and by then it is time.
        """
        if self._revived and time.monotonic() - self._started_at >= REVIVE_SECONDS:
            print(f"{self.ended()} It is started again.", file=sys.stderr, flush=True)
            self._start()
        return self._revived

    def ended(self) -> str:
        """A sentence that says how the process ended; empty while it runs."""
        status = self.process.poll()
        if status is None:
            return ""
        how = f"by {signal.Signals(-status).name}" if status < 0 else f"with status {status}"
        return f"{self.name} ended by itself, {how}."


def end_with(parent: int) -> None:
    """Let the kernel stop this process when its parent, the process `parent`, ends."""
    if hasattr(_LIBC, "prctl"):
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
        if os.getppid() != parent:
            os.kill(os.getpid(), signal.SIGTERM)


def watch(children: Sequence[Child], signals: Signals) -> str:
    """Return how the first child to end has ended, of those that are not revived.

    Raises Stopped when told to stop.
    """
    while True:
        for child in children:
            if (reason := child.ended()) and not child.revive():
                return reason
        signals.wait(REVIVE_SECONDS if any(child.ended() for child in children) else None)


def end(children: Sequence[Child]) -> None:
    """Terminate every child, kill those that do not obey in time, and wait for all of them."""
    for child in children:
        child.process.terminate()
    deadline = time.monotonic() + STOP_SECONDS
    for child in children:
        try:
            child.process.wait(timeout=max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.process.pid, signal.SIGKILL)
            child.process.wait()

"""Simulations in a process of their own, which takes 130 MB, and only while they compute.

The process answers requests over one connection, and ends when the other end of it is closed.
"""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from multiprocessing.connection import Connection, Pipe
from pathlib import Path
from typing import Self

from demo.simulators.days import MICROS
from demo.simulators.site import Simulation, SitePlan, SiteReadings

ROOT = Path(__file__).resolve().parent.parent

Request = tuple[SitePlan, int, int, int, int]  # plan, seed, and what `whole_days` takes


class SimulationProcess:
    """The process, from the first request inside a `with` block to the end of the block."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._connection: Connection | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        if self._connection:
            self._connection.close()
        if self._process:
            self._process.kill()
            self._process.wait()
        self._process = self._connection = None

    def whole_days(self, request: Request) -> Iterator[SiteReadings]:
        """The result of `Simulation.whole_days`. Raises EOFError if the process dies."""
        if self._connection is None:
            self._connection = self._start()
        self._connection.send(request)
        while (readings := self._connection.recv()) is not None:
            yield readings

    def _start(self) -> Connection:
        ours, theirs = Pipe()
        with theirs:
            number = theirs.fileno()
            command = [sys.executable, "-m", __name__, str(number)]
            self._process = subprocess.Popen(command, cwd=ROOT, pass_fds=[number])  # noqa: S603
        return ours


class RemoteSimulation:
    """A Simulation in that process; keeps the last days it computed for the minutes to come."""

    def __init__(self, plan: SitePlan, seed: int, process: SimulationProcess) -> None:
        self.plan = plan
        self._seed = seed
        self._process = process
        self._last: SiteReadings | None = None

    def readings(self, start: int, end: int, block_days: int = 1) -> Iterator[SiteReadings]:
        """All full minutes in [start, end), in µs since the epoch, some days at a time."""
        if self._last and _covers(self._last, start, end):
            yield self._last.between(start, end)
            return
        request = (self.plan, self._seed, start, end, block_days)
        for readings in self._process.whole_days(request):
            self._last = readings
            yield readings.between(start, end)


def _covers(readings: SiteReadings, start: int, end: int) -> bool:
    return bool(readings.timestamps[0] <= start and end <= readings.timestamps[-1] + MICROS)


def main() -> None:
    """Answer requests until the connection is closed."""
    # A terminal's Ctrl-C is for the parent process.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    simulations: dict[tuple[str, int], Simulation] = {}
    with suppress(EOFError, BrokenPipeError), Connection(int(sys.argv[1])) as connection:
        while True:
            plan, seed, *window = connection.recv()
            simulation = simulations.setdefault((plan.slug, seed), Simulation(plan, seed))
            for readings in simulation.whole_days(*window):
                connection.send(readings)
            connection.send(None)


if __name__ == "__main__":
    main()

"""Simulations in a process of their own: what they load takes 130 MB, and only while they compute.

The process answers over one connection, and ends when the other end is closed or gone.
"""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from multiprocessing.connection import Connection, Pipe
from pathlib import Path

from demo.simulators.days import MICROS
from demo.simulators.site import Block, Simulation, SitePlan

ROOT = Path(__file__).resolve().parent.parent.parent

Question = tuple[SitePlan, int, int, int, int]  # plan, seed, and what `whole_days` takes


class Computer:
    """The process, from the first question inside a `with` block to the block's end."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._connection: Connection | None = None

    def __enter__(self) -> "Computer":
        return self

    def __exit__(self, *error: object) -> None:
        if self._connection:
            self._connection.close()
        if self._process:
            self._process.kill()
            self._process.wait()
        self._process = self._connection = None

    def answer(self, question: Question) -> Iterator[Block]:
        """The days asked for, as `Simulation.whole_days` gives them. Raises EOFError if it dies."""
        if self._connection is None:
            self._connection = self._start()
        self._connection.send(question)
        while (block := self._connection.recv()) is not None:
            yield block

    def _start(self) -> Connection:
        ours, theirs = Pipe()
        with theirs:
            number = theirs.fileno()
            command = [sys.executable, "-m", __name__, str(number)]
            self._process = subprocess.Popen(command, cwd=ROOT, pass_fds=[number])  # noqa: S603
        return ours


class SimulationAside:
    """Gives a Simulation's readings, and keeps the last days computed for the minutes to come."""

    def __init__(self, plan: SitePlan, seed: int, computer: Computer) -> None:
        self.plan = plan
        self._seed = seed
        self._computer = computer
        self._known: Block | None = None

    def readings(self, start: int, end: int, block_days: int = 1) -> Iterator[Block]:
        """All full minutes in [start, end), in µs since the epoch, some days at a time."""
        if self._known and _covers(self._known, start, end):
            yield self._known.between(start, end)
            return
        question = (self.plan, self._seed, start, end, block_days)
        for block in self._computer.answer(question):
            self._known = block
            yield block.between(start, end)


def _covers(block: Block, start: int, end: int) -> bool:
    return bool(block.timestamps[0] <= start and end <= block.timestamps[-1] + MICROS)


def main() -> None:
    """Answer questions until nobody asks any more."""
    # A terminal's Ctrl-C is for the one who asks.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    known: dict[tuple[str, int], Simulation] = {}
    with suppress(EOFError, BrokenPipeError), Connection(int(sys.argv[1])) as connection:
        while True:
            plan, seed, *window = connection.recv()
            simulation = known.setdefault((plan.slug, seed), Simulation(plan, seed))
            for block in simulation.whole_days(*window):
                connection.send(block)
            connection.send(None)


if __name__ == "__main__":
    main()

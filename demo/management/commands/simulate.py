"""`manage.py simulate`: the demo fleet's devices report every minute, until it is stopped."""

import logging
import signal
import threading
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand
from django.db import InterfaceError, OperationalError, connection
from django.utils import timezone

from demo.fleet import FLEET, SEED
from demo.readings import MINUTE, first_missing, simulated_metrics, store_window
from demo.simulation_process import RemoteSimulation, SimulationProcess
from energy.instants import to_micros

logger = logging.getLogger(__name__)

DAY = 1440 * MINUTE
LONGEST_PAUSE = 60.0  # s between attempts while the database is away


class Command(BaseCommand):
    help = (
        "Store the demo fleet's readings as they happen, first those since its last ones. "
        "Ends on SIGTERM or SIGINT; waits for a database that is away and for a demo to be made."
    )

    # They would load every page and form, and keep them.
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--interval",
            type=float,
            default=10.0,
            help="seconds between looks at the clock (default: 10); readings are a minute apart",
        )
        parser.add_argument(
            "--gap-days",
            type=int,
            default=7,
            help="days without readings to fill at most (default: 7)",
        )
        parser.add_argument("--once", action="store_true", help="store what is due, then end")
        parser.add_argument(
            "--heartbeat",
            type=Path,
            help="a file to touch once a minute or more, as a sign of life",
        )

    def handle(
        self, *, interval: float, gap_days: int, once: bool, heartbeat: Path | None = None,
        **options: Any,
    ) -> None:  # fmt: skip
        self._heartbeat = heartbeat
        if once:
            self.stdout.write(f"Stored {self._store_due(gap_days):,} readings.")
            return
        stop = threading.Event()
        with _stop_signals(stop):
            self._run(stop, interval, gap_days)
        self.stdout.write("Stopped.")

    def _run(self, stop: threading.Event, interval: float, gap_days: int) -> None:
        failures = 0
        while not stop.is_set():
            self._beat()
            try:
                for _ in self._store_blocks(gap_days):
                    self._beat()
                    if stop.is_set():
                        return
                failures = 0
            except (OperationalError, InterfaceError) as error:
                failures += 1
                logger.warning("The database is away, attempt %d: %s", failures, error)
                connection.close()
            stop.wait(min(interval * 2 ** min(failures, 6), max(interval, LONGEST_PAUSE)))

    def _beat(self) -> None:
        if self._heartbeat:
            self._heartbeat.touch()

    def _store_due(self, gap_days: int) -> int:
        return sum(self._store_blocks(gap_days))

    def _store_blocks(self, gap_days: int) -> Iterator[int]:
        """Stores what is due of every Site, a block at a time; yields how many readings each."""
        with self._process:
            for simulation in self._simulations:
                now = timezone.now()
                end = to_micros(now) // MINUTE * MINUTE + 1
                metrics = simulated_metrics(simulation.plan)
                if metrics and (start := first_missing(metrics, end - gap_days * DAY)) < end:
                    yield from store_window(simulation, metrics, start, end, received_at=now)

    @cached_property
    def _process(self) -> SimulationProcess:
        return SimulationProcess()

    @cached_property
    def _simulations(self) -> list[RemoteSimulation]:
        return [RemoteSimulation(site.plan, SEED, self._process) for site in FLEET]


@contextmanager
def _stop_signals(event: threading.Event) -> Iterator[None]:
    """Inside the context, SIGTERM and SIGINT set `event`."""
    before = {
        number: signal.signal(number, lambda *_: event.set())
        for number in (signal.SIGTERM, signal.SIGINT)
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

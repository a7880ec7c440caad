"""`manage.py simulate`: the demo fleet's equipment goes on reporting, until told to stop."""

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
from demo.simulators.aside import Computer, SimulationAside
from demo.storing import MINUTE, feeds, store_window, unfed_since
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
        with _signals_set(stop):
            self._run(stop, interval, gap_days)
        self.stdout.write("Stopped.")

    def _run(self, stop: threading.Event, interval: float, gap_days: int) -> None:
        failures = 0
        while not stop.is_set():
            self._beat()
            try:
                for _ in self._stored_blocks(gap_days):
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
        return sum(self._stored_blocks(gap_days))

    def _stored_blocks(self, gap_days: int) -> Iterator[int]:
        """Stores, block by block, what is due of every Site; yields how many readings each."""
        with self._computer:
            for simulation in self._simulations:
                now = timezone.now()
                end = to_micros(now) // MINUTE * MINUTE + 1
                fed = feeds(simulation.plan)
                if fed and (start := unfed_since(fed, end - gap_days * DAY)) < end:
                    yield from store_window(simulation, fed, start, end, received_at=now)

    @cached_property
    def _computer(self) -> Computer:
        return Computer()

    @cached_property
    def _simulations(self) -> list[SimulationAside]:
        return [SimulationAside(site.plan, SEED, self._computer) for site in FLEET]


@contextmanager
def _signals_set(event: threading.Event) -> Iterator[None]:
    """SIGTERM and SIGINT set `event`, as long as the context lasts."""
    before = {
        number: signal.signal(number, lambda *_: event.set())
        for number in (signal.SIGTERM, signal.SIGINT)
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

"""`manage.py run_huey`: the worker, which does what is due by the clock (`history.tasks`)."""

import logging
import sqlite3
from argparse import ArgumentParser
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
from huey.consumer import Consumer, Scheduler
from huey.contrib.djhuey import HUEY
from huey.contrib.djhuey.management.commands import run_huey

from energy.outages import Outage


class WatchingScheduler(Scheduler):
    """Huey's scheduler, which touches a file each second, and says when the database is back."""

    def __init__(self, *args: Any, heartbeat: Path | None, outage: Outage, **options: Any) -> None:
        super().__init__(*args, **options)
        self._heartbeat = heartbeat
        self._outage = outage

    def loop(self, now: datetime | None = None) -> None:
        if self._heartbeat:
            self._heartbeat.touch()
        super().loop(now)
        if self._outage.is_on and self._is_database_there():
            self._outage.end()

    def _is_database_there(self) -> bool:
        try:
            self.huey.pending_count()
        except (psycopg.Error, sqlite3.Error):
            return False
        return True


class Command(run_huey.Command):
    """Huey's own, with its tables made at the start: no other process needs them."""

    # They would load every page and form, and keep them.
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--heartbeat", type=Path, help="a file to touch each second, as a sign of life"
        )

    def handle(self, *args: Any, heartbeat: Path | None, **options: Any) -> None:
        if options["verbose"] is False:
            logging.getLogger("huey").setLevel(logging.WARNING)
        outage = Outage()
        outage.watch()
        scheduler = partial(WatchingScheduler, heartbeat=heartbeat, outage=outage)
        # It is called on an instance, whose method it must not become.
        Consumer.scheduler_class = staticmethod(scheduler)
        HUEY.storage.initialize_schema()
        super().handle(*args, **options)

"""`manage.py run_huey`: the worker, which does what is due by the clock (`history.tasks`)."""

import logging
from argparse import ArgumentParser
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from huey.consumer import Consumer, Scheduler
from huey.contrib.djhuey import HUEY
from huey.contrib.djhuey.management.commands import run_huey


class BeatingScheduler(Scheduler):
    """Huey's scheduler, which touches a file each second that it runs."""

    def __init__(self, *args: Any, heartbeat: Path, **options: Any) -> None:
        super().__init__(*args, **options)
        self._heartbeat = heartbeat

    def loop(self, now: datetime | None = None) -> None:
        self._heartbeat.touch()
        super().loop(now)


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
        if heartbeat:
            # It is called on an instance, whose method it must not become.
            Consumer.scheduler_class = staticmethod(partial(BeatingScheduler, heartbeat=heartbeat))
        HUEY.storage.initialize_schema()
        super().handle(*args, **options)

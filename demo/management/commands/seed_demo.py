"""`manage.py seed_demo`: a fleet to look at, with history, and people to look at it."""

import secrets
import sys
from argparse import ArgumentParser
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from environ import FileAwareEnv
from tqdm import tqdm

from demo import seeding
from demo.fleet import COMMISSIONED, FLEET, SEED, DemoSite
from demo.simulators.site import Simulation
from demo.storing import MINUTE, feeds, store_window
from deploy.secrets import keep_secret, kept_secret
from energy.instants import to_micros

MINUTES_PER_DAY = 1440
# A Site's days are not UTC's, in which they are sealed: two parts of a day are sealed twice.
DAYS_AT_ONCE = 10
env = FileAwareEnv()


class Command(BaseCommand):
    help = (
        "Create the demo: four Sites with simulated equipment and its history by the minute, "
        "ending now; the users admin, technician and standard; a Subscription for each. "
        "Does nothing when it is there already, and goes on where it was interrupted."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--days",
            type=int,
            help="days of history (default: DEMO_DAYS in the environment, or 90)",
        )
        parser.add_argument(
            "--if-empty",
            action="store_true",
            help="do nothing when there are users, or Sites other than the demo's",
        )

    def handle(self, *, days: int | None, if_empty: bool, verbosity: int, **options: Any) -> None:
        if if_empty and seeding.is_someones_own():
            return
        if seeding.is_complete():
            self.stdout.write("The demo is there already; nothing was changed.")
            return
        now = timezone.now()
        days = _allowed(env.int("DEMO_DAYS", default=90) if days is None else days, now)
        for site in FLEET:
            seeding.create_site(site)
        stored = self._fill(days, now, quiet=verbosity == 0)
        self.stdout.write(f"Stored {stored:,} readings of {len(FLEET)} Sites.")
        # Last: while nobody can sign in, an interrupted start is told from a finished one.
        seeding.create_people(self._password())
        names = ", ".join(person.username for person in seeding.PEOPLE)
        self.stdout.write(f"Sign in as {names}.")

    def _fill(self, days: int, now: datetime, *, quiet: bool) -> int:
        # The last full minute is in: windows are half-open.
        end = to_micros(now) // MINUTE * MINUTE + 1
        start = end - 1 - days * MINUTES_PER_DAY * MINUTE + MINUTE
        with tqdm(
            total=len(FLEET) * days, unit="day", desc="Simulating", file=sys.stderr,
            disable=True if quiet else None,
        ) as progress:  # fmt: skip
            return sum(self._fill_site(site, start, end, now, progress) for site in FLEET)

    def _fill_site(
        self, site: DemoSite, start: int, end: int, now: datetime, progress: tqdm
    ) -> int:
        progress.set_postfix_str(site.name)
        stored = 0
        simulation = Simulation(site.plan, SEED)
        for count in store_window(
            simulation, feeds(site.plan), start, end, received_at=now, days_at_once=DAYS_AT_ONCE
        ):
            stored += count
            progress.update(DAYS_AT_ONCE)
        return stored

    def _password(self) -> str:
        if given := env.str("DEMO_PASSWORD", default=""):
            return given
        path = Path(settings.VAR_DIR) / "demo-password"
        if kept := kept_secret(path):
            self.stdout.write(f"The password is in {path}.")
            return kept
        password = secrets.token_urlsafe(12)
        self.stdout.write(f"The password of all demo users is {password}")
        try:
            keep_secret(path, password)
        except OSError as error:
            self.stderr.write(f"It is shown only here, because it could not be kept: {error}")
        else:
            self.stdout.write(f"It is kept in {path}.")
        return password


def _allowed(days: int, now: datetime) -> int:
    """Raises CommandError for more days than the fleet has stood, or less than one."""
    most = (now.date() - COMMISSIONED).days - 1
    if not 1 <= days <= most:
        raise CommandError(f"The days of history must be from 1 to {most}, not {days}.")
    return days

"""`manage.py prune_changes`: what the worker does every night, now."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from changes.services import prune
from energy.server_clock import ClockDoubtError


class Command(BaseCommand):
    help = "Delete the entries of who changed what that are older than CHANGES_RETENTION_DAYS."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--force", action="store_true", help="although the clock is far ahead of all readings"
        )

    def handle(self, *, force: bool, **options: Any) -> None:
        try:
            count = prune(timezone.now(), force=force)
        except ClockDoubtError as doubt:
            raise CommandError(str(doubt)) from doubt
        self.stdout.write(f"Deleted {count:,} changes.")

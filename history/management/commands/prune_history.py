"""`manage.py prune_history`: what the worker does every night, now."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from energy.instants import to_micros
from energy.server_clock import ClockDoubtError
from history import retention


class Command(BaseCommand):
    help = (
        "Delete the readings that are older than HISTORY_RETENTION_DAYS, or than their metric "
        "keeps them; without either, nothing."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="only say how many would go")
        parser.add_argument(
            "--force", action="store_true", help="although the clock is far ahead of all readings"
        )

    def handle(self, *, dry_run: bool, force: bool, **options: Any) -> None:
        now = to_micros(timezone.now())
        if dry_run:
            self.stdout.write(f"Would delete {retention.prunable(now):,} readings.")
            return
        try:
            count = retention.prune(now, force=force)
        except ClockDoubtError as doubt:
            raise CommandError(str(doubt)) from doubt
        self.stdout.write(f"Deleted {count:,} readings.")

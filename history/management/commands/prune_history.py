"""`manage.py prune_history`: what the worker does every night, now."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from energy.instants import to_micros
from history import retention


class Command(BaseCommand):
    help = (
        "Delete the readings that are older than HISTORY_RETENTION_DAYS, or than their metric "
        "keeps them; without either, nothing."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="only say how many would go")

    def handle(self, *, dry_run: bool, **options: Any) -> None:
        now = to_micros(timezone.now())
        if dry_run:
            self.stdout.write(f"Would delete {retention.prunable(now):,} readings.")
        else:
            self.stdout.write(f"Deleted {retention.prune(now):,} readings.")

"""`manage.py seal_history`: what the worker does every hour, now."""

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from energy.instants import to_micros
from history import get_store


class Command(BaseCommand):
    help = (
        "Put the readings of days past into the form in which history is kept for good. Safe at "
        "any time, beside writers and beside another of its kind; what was stopped goes on."
    )

    def handle(self, **options: Any) -> None:
        count = get_store().seal(to_micros(timezone.now()))
        self.stdout.write(f"Sealed {count:,} readings.")

"""manage.py copy_history: move history between stores, resumable and verified."""

import time
from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError

from energy.errors import HistoryAway
from history import store_at
from history.copying import Tally, copy
from history.store import HistoryStore
from metrics.models import Metric

_SHOWN = 10  # days that differ, in the message
_PROGRESS_SECONDS = 5.0


class Command(BaseCommand):
    """Copies the readings of all Metrics; what is equal on both sides already is left alone."""

    help = (
        "Copy the history of all Metrics from one store to another and compare both, day by day. "
        "Run it again to go on after an interruption, and once more before HISTORY_URL is changed: "
        "readings may arrive meanwhile, but stop what seals history (the worker). Nothing is "
        "deleted on either side."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        form = 'A URL as HISTORY_URL takes it; "" is the relational database.'
        parser.add_argument("--from", dest="source", required=True, metavar="URL", help=form)
        parser.add_argument("--to", dest="target", required=True, metavar="URL", help=form)
        parser.add_argument("--verify", action="store_true", help="Compare only; write nothing.")

    def handle(self, *args: Any, source: str, target: str, verify: bool, **options: Any) -> None:
        if source == target:
            raise CommandError("--from and --to name the same store.")
        stores = self._store(source), self._store(target)
        try:
            if not verify:
                stores[1].migrate()
            tally = self._copied(*stores, write=not verify)
        except HistoryAway as error:
            raise CommandError(f"{error.message} Run the same command again to go on.") from error
        finally:
            for store in stores:
                store.close()
        self._report(tally)

    def _store(self, url: str) -> HistoryStore:
        try:
            store = store_at(url)
        except ImproperlyConfigured as error:
            raise CommandError(str(error)) from error
        if problems := store.check():
            raise CommandError("\n".join(str(problem) for problem in problems))
        return store

    def _copied(self, source: HistoryStore, target: HistoryStore, *, write: bool) -> Tally:
        ids = list(Metric.objects.order_by("pk").values_list("pk", flat=True))
        tally, reported_at = Tally(), time.monotonic()
        for tally in copy(source, target, ids, time.time_ns() // 1000, write=write):
            if time.monotonic() - reported_at > _PROGRESS_SECONDS:
                reported_at = time.monotonic()
                self.stdout.write(f"  {tally.readings:,} readings seen, {tally.copied:,} copied")
        return tally

    def _report(self, tally: Tally) -> None:
        if tally.differing:
            shown = ", ".join(
                f"Metric {metric_id} on day {day}" for metric_id, day in tally.differing[:_SHOWN]
            )
            raise CommandError(
                f"{len(tally.differing):,} of {tally.days:,} days differ: {shown}. Readings may "
                "have changed meanwhile; run the command again."
            )
        self.stdout.write(
            f"{tally.readings:,} readings of {tally.days:,} days are the same on both sides; "
            f"{tally.copied:,} were copied."
        )

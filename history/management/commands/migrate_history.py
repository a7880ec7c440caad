"""manage.py migrate_history: create or change the tables of the configured history store."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from energy.errors import HistoryAway
from history import get_store


class Command(BaseCommand):
    """The counterpart of `migrate` for history outside the database; may be run again at will."""

    help = (
        "Create or change the tables of the history store that HISTORY_URL names. There is nothing "
        "to do for the relational store, whose tables `migrate` makes."
    )

    def handle(self, *args: Any, verbosity: int = 1, **options: Any) -> None:
        store = get_store()
        try:
            steps = store.migrate()
        except HistoryAway as error:
            raise CommandError(f"{error.message} The log says why.") from error
        finally:
            store.close()
        for step in steps:
            self.stdout.write(f"  {step}")
        if not steps and verbosity:
            self.stdout.write("Nothing to do.")

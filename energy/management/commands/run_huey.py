"""`manage.py run_huey`: the worker, which does what is due by the clock (`history.tasks`)."""

from typing import Any

from huey.contrib.djhuey import HUEY
from huey.contrib.djhuey.management.commands import run_huey


class Command(run_huey.Command):
    """Huey's own, with its tables made at the start: no other process needs them."""

    def handle(self, *args: Any, **options: Any) -> None:
        HUEY.storage.initialize_schema()
        super().handle(*args, **options)

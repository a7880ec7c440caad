"""Saving a row together with all that follows from it."""

from typing import Any

from django.db import transaction


class WholeSaveMixin:
    """Saves a row in one transaction with what the receivers of its signals do, or not at all.

    Django sends the signals of a save outside any transaction of its own.
    """

    def save(self, *args: Any, **kwargs: Any) -> None:
        with transaction.atomic(savepoint=False):
            super().save(*args, **kwargs)  # type: ignore[misc]

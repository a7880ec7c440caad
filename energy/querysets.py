"""The queryset of models whose changes are logged, bulk changes included."""

from collections.abc import Iterable
from contextlib import ExitStack
from typing import Any

from django.db import models, transaction

from energy.signals import rows_created, rows_updating


class ToldQuerySet(models.QuerySet[Any]):
    """Sends signals for `update`, `bulk_update` and `bulk_create`, for which Django sends none.

    `bulk_update` is told of because it is made of `update`.
    """

    def update(self, **kwargs: Any) -> int:
        """Update, and pass the rows before and after to the receivers of the signal."""
        told = rows_updating.send(self.model, rows=self, fields=set(kwargs))
        watchers: list[Any] = [watcher for _, watcher in told if watcher is not None]
        if not watchers:
            return super().update(**kwargs)
        with ExitStack() as around:
            around.enter_context(transaction.atomic(using=self.db, savepoint=False))
            for watcher in watchers:
                around.enter_context(watcher)
            return super().update(**kwargs)

    update.alters_data = True  # type: ignore[attr-defined]

    def bulk_create(self, objs: Iterable[Any], *args: Any, **kwargs: Any) -> list[Any]:
        """Create, and tell of what was created."""
        if kwargs.get("ignore_conflicts") or kwargs.get("update_conflicts"):
            raise ValueError("Which rows are created could not be told then.")
        with transaction.atomic(using=self.db, savepoint=False):
            created = super().bulk_create(objs, *args, **kwargs)
            rows_created.send(self.model, rows=created)
        return created

    bulk_create.alters_data = True  # type: ignore[attr-defined]

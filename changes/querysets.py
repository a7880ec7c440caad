"""Queries for changes."""

from typing import Any, Self

from django.db import models

from sites.querysets import seen_by


class ChangeQuerySet(models.QuerySet[Any]):
    """Changes; every query for a user starts with `visible_to(user)`."""

    def visible_to(self, user: Any) -> Self:
        """The changes of the Sites that `user` sees; all for superusers.

        What belongs to no Site, such as an account, is for superusers alone.
        """
        return self.filter(seen_by(user, "site__"))

    def newest_first(self) -> Self:
        """Ordered for people."""
        return self.order_by("-timestamp", "-pk")

"""Queries for Devices."""

from typing import Any, Self

from energy.querysets import ToldQuerySet
from sites.querysets import seen_by


class DeviceQuerySet(ToldQuerySet):
    """Devices; every query for a user starts with `visible_to(user)`."""

    def visible_to(self, user: Any) -> Self:
        """The Devices of the Sites that `user` sees."""
        return self.filter(seen_by(user, "site__"))

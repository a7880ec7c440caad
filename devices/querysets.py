"""Devices, starting from what a user sees."""

from typing import Any, Self

from django.db import models

from sites.models import Site


class DeviceQuerySet(models.QuerySet[Any]):
    """Devices, starting from `visible_to(user)`."""

    def visible_to(self, user: Any) -> Self:
        """The Devices of the Sites `user` sees."""
        if user.is_superuser and user.is_active:
            return self.all()
        return self.filter(site__in=Site.objects.visible_to(user))

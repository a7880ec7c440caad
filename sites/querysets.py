"""The root of all access: which Sites a user sees."""

from typing import Any, Self

from django.db import models
from django.db.models.functions import Coalesce


class SiteQuerySet(models.QuerySet[Any]):
    """Sites, starting from `visible_to(user)`."""

    def visible_to(self, user: Any) -> Self:
        """The Sites `user` is assigned to; all for a superuser, none when not signed in."""
        if not user.is_active:
            return self.none()
        if user.is_superuser:
            return self.all()
        assigned = self.model.assignments.rel.related_model.objects.filter(user=user)
        return self.filter(pk__in=assigned.values("site"))

    def with_device_count(self) -> Self:
        """Annotate `device_count` by subquery, so that it multiplies no rows."""
        devices = self.model.devices.rel.related_model.objects.filter(site=models.OuterRef("pk"))
        counted = devices.order_by().values("site").annotate(n=models.Count("pk")).values("n")
        return self.annotate(
            device_count=Coalesce(models.Subquery(counted, models.IntegerField()), 0)
        )

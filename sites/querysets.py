"""The root of all access: which Sites a user sees."""

from typing import Any, Self

from django.db import models
from django.db.models import Q
from django.db.models.functions import Coalesce


def seen_by(user: Any, path: str = "") -> Q:
    """The condition that `user` sees the Site that a lookup's `path` leads to.

    Those the user is assigned to; all for a superuser, none when not signed in. A Site is assigned
    once to a user, so the join multiplies no rows; a subquery would be run for all Sites on SQLite,
    and takes PostgreSQL twice as long to plan.
    """
    if not user.is_active:
        return Q(pk__in=())
    return Q() if user.is_superuser else Q(**{f"{path}assignments__user": user})


class SiteQuerySet(models.QuerySet[Any]):
    """Sites, starting from `visible_to(user)`."""

    def visible_to(self, user: Any) -> Self:
        """The Sites `user` is assigned to; all for a superuser, none when not signed in."""
        return self.filter(seen_by(user))

    def with_device_count(self) -> Self:
        """Annotate `device_count` by subquery, so that it multiplies no rows."""
        devices = self.model.devices.rel.related_model.objects.filter(site=models.OuterRef("pk"))
        counted = devices.order_by().values("site").annotate(n=models.Count("pk")).values("n")
        return self.annotate(
            device_count=Coalesce(models.Subquery(counted, models.IntegerField()), 0)
        )

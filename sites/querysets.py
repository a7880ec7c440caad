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
        """Annotate `device_count`."""
        return self.annotate(device_count=_number_of(self.model.devices))

    def with_user_count(self) -> Self:
        """Annotate `user_count`: all that are assigned, whoever asks."""
        return self.annotate(user_count=_number_of(self.model.assignments))


def _number_of(related: Any) -> Coalesce:
    """How many there are, by subquery: it multiplies no rows, and no join narrows it."""
    found = related.rel.related_model.objects.filter(site=models.OuterRef("pk"))
    counted = found.order_by().values("site").annotate(n=models.Count("pk")).values("n")
    return Coalesce(models.Subquery(counted, models.IntegerField()), 0)

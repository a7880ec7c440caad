"""Which Sites a user sees: the root of all access to rows."""

from typing import Any, Self

from django.db import models
from django.db.models import Q
from django.db.models.functions import Coalesce

from energy.querysets import ToldQuerySet


def seen_by(user: Any, path: str = "") -> Q:
    """The condition that `user` sees a row's Site, which is at the lookup `path` from the row.

    Users see the Sites they are assigned to; superusers see all, anonymous users none. A Site is
    assigned to a user at most once, so the join repeats no rows. A subquery instead would be run
    for all Sites on SQLite, and PostgreSQL would take twice as long to plan it.
    """
    if not user.is_active:
        return Q(pk__in=())
    return Q() if user.is_superuser else Q(**{f"{path}assignments__user": user})


class SiteQuerySet(ToldQuerySet):
    """Sites; every query for a user starts with `visible_to(user)`."""

    def visible_to(self, user: Any) -> Self:
        """The Sites that `user` is assigned to; all for superusers, none for anonymous users."""
        return self.filter(seen_by(user))

    def with_device_count(self) -> Self:
        """Annotate `device_count`."""
        return self.annotate(device_count=_number_of(self.model.devices))

    def with_user_count(self) -> Self:
        """Annotate `user_count`, which counts all assigned users, whoever asks."""
        return self.annotate(user_count=_number_of(self.model.assignments))


class NamedAssignments(models.Manager.from_queryset(ToldQuerySet)):  # type: ignore[misc]
    """Assignments, each fetched with the user and the Site that it is named after."""

    def get_queryset(self) -> ToldQuerySet:
        return super().get_queryset().select_related("user", "site")


def _number_of(related: Any) -> Coalesce:
    """The number of related rows, by a subquery: other joins neither multiply nor narrow it."""
    rows = related.rel.related_model.objects.filter(site=models.OuterRef("pk")).order_by()
    counts = rows.values("site").annotate(n=models.Count("pk")).values("n")
    return Coalesce(models.Subquery(counts, models.IntegerField()), 0)

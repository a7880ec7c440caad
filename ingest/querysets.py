"""Queries for names from outside: aliases, and names that nothing maps yet."""

import json
from collections.abc import Iterable
from typing import Any, Self

from django.db import models
from django.db.models import Q
from django.db.models.expressions import Expression

from energy.querysets import ToldQuerySet
from sites.querysets import seen_by


class TextList(Expression):
    """A list of texts as one parameter, for lookups with `in`.

    However many names a request has, the statement is the same.
    """

    output_field = models.CharField()

    def __init__(self, texts: Iterable[str]) -> None:
        super().__init__()
        self.texts = list(texts)

    def as_sqlite(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:
        return "(SELECT value FROM json_each(%s))", [json.dumps(self.texts)]

    def as_postgresql(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:
        return "(SELECT unnest(%s::text[]))", [self.texts]


class NamedMixin:
    """Names from outside; every query for a user starts with `visible_to(user)`."""

    filter: Any
    all: Any
    none: Any

    def visible_to(self, user: Any) -> Self:
        """The names of the Sites that `user` sees, and those that are the user's own.

        A name belongs to a Site or to a user, never to both, so the join repeats no rows. Those of
        the operator, which belong to neither, are for superusers.
        """
        if not user.is_active:
            return self.none()
        own = Q(owner=user.pk) | Q(site__assignments__user=user.pk)
        return self.all() if user.is_superuser else self.filter(own)

    def of(self, sender: Any) -> Self:
        """The names that mean something when `sender` uses them (`ingest.sender`)."""
        return self.filter(source=sender.source, **sender.scope)

    def named(self, names: Iterable[str]) -> Self:
        """Those among `names`, which are a single parameter of the query."""
        return self.filter(name__in=TextList(names))


class AliasQuerySet(NamedMixin, ToldQuerySet):
    """Aliases, of which users see those whose Metric they see as well."""

    def visible_to(self, user: Any) -> Self:
        """Those of the names that `user` sees that stand for Metrics which `user` sees."""
        return super().visible_to(user).filter(seen_by(user, "metric__device__site__"))


class DiscoveredQuerySet(NamedMixin, models.QuerySet[Any]):
    """Names that nothing maps, and what is kept of them."""

    def waiting(self) -> Self:
        """Those that nobody has decided to ignore."""
        return self.filter(is_ignored=False)

    def of_one_device(self) -> models.QuerySet[Any, dict[str, Any]]:
        """Site, source and Device of those that wait and tell of one Device, with their number `n`.

        The Devices with most names come first.
        """
        telling = self.waiting().exclude(device_name="").order_by()
        grouped = telling.values("site", "site__name", "source", "device_name")
        return grouped.annotate(n=models.Count("pk")).filter(n__gt=1).order_by("-n", "device_name")


class ImportQuerySet(models.QuerySet[Any]):
    """Imports of files; every query for a user starts with `visible_to(user)`."""

    def visible_to(self, user: Any) -> Self:
        """The imports into Sites that `user` sees."""
        return self.filter(seen_by(user, "site__"))

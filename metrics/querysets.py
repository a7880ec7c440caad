"""Metrics, starting from what a user sees."""

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Self

from django.db import connection, models
from django.db.models import F, Q
from django.db.models.expressions import RawSQL

from devices.models import Device
from metrics.freshness import LATE_WITHIN, LIVE_WITHIN, Freshness
from metrics.instants import MICROS_PER_SECOND, to_micros


def _as_one_parameter(ids: Iterable[int]) -> RawSQL:
    if connection.vendor == "postgresql":
        # As text: psycopg would look at every element of a list, to find the type of all.
        return RawSQL("SELECT unnest(%s::bigint[])", [f"{{{','.join(map(str, ids))}}}"])
    return RawSQL("SELECT value FROM json_each(%s)", [json.dumps(list(ids))])


class MetricQuerySet(models.QuerySet[Any]):
    """Metrics, starting from `visible_to(user)`."""

    def visible_to(self, user: Any) -> Self:
        """The Metrics of the Devices `user` sees."""
        if user.is_superuser and user.is_active:
            return self.all()
        return self.filter(device__in=Device.objects.visible_to(user))

    def visible_among(self, user: Any, ids: Iterable[int]) -> Self:
        """Those of `ids` that `user` sees: `visible_to(user).filter(pk__in=ids)`, id by id.

        SQLite would otherwise look for every pair of a visible Device and an id; and `pk__in`
        takes Django and psycopg 10 ms to write out for a thousand.
        """
        if connection.vendor == "postgresql":
            return self.visible_to(user).filter(pk__in=_as_one_parameter(ids))
        seen = self.model._default_manager.visible_to(user).filter(pk=models.OuterRef("pk"))
        return self.filter(models.Exists(seen), pk__in=_as_one_parameter(ids))

    def with_latest(self) -> Self:
        """Fetch each Metric's latest value, Device and Site in the same query."""
        return self.select_related("latest", "device__site")

    def in_state(self, state: str, now: datetime) -> Self:
        """The Metrics whose latest value is live, late, stale or never (`metrics.freshness`)."""
        if state == Freshness.NEVER:
            return self.filter(latest__isnull=True)
        age = to_micros(now) - F("latest__timestamp")
        within = {
            name: Q(age__lte=F("expected_interval") * (limit * MICROS_PER_SECOND))
            for name, limit in (("live", LIVE_WITHIN), ("late", LATE_WITHIN))
        }
        states = {
            Freshness.LIVE: within["live"],
            Freshness.LATE: within["late"] & ~within["live"],
            Freshness.STALE: ~within["late"],
        }
        aged = self.filter(latest__isnull=False).alias(
            age=models.ExpressionWrapper(age, models.BigIntegerField())
        )
        return aged.filter(states[Freshness(state)])

"""Metrics, starting from what a user sees."""

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Self

from django.db import connection, models
from django.db.models import F, Q
from django.db.models.expressions import RawSQL

from metrics.freshness import LATE_WITHIN, LIVE_WITHIN, Freshness
from metrics.instants import MICROS_PER_SECOND, to_micros
from sites.querysets import seen_by


def _as_one_parameter(ids: Iterable[int]) -> RawSQL:
    if connection.vendor == "postgresql":
        # As text: psycopg would look at every element of a list, to find the type of all. A plan
        # that is kept for all lists takes an array for ten ids, and this for a thousand.
        return RawSQL("SELECT string_to_table(%s, ',')::bigint", [",".join(map(str, ids))])
    return RawSQL("SELECT value FROM json_each(%s)", [json.dumps(list(ids))])


class MetricQuerySet(models.QuerySet[Any]):
    """Metrics, starting from `visible_to(user)`."""

    def visible_to(self, user: Any) -> Self:
        """The Metrics of the Devices `user` sees."""
        return self.filter(seen_by(user, "device__site__"))

    def among(self, ids: Iterable[int]) -> Self:
        """Those of `ids`: `filter(pk__in=ids)`, but as one parameter.

        A thousand ids as a thousand parameters would take Django and the database 10 ms more.
        """
        return self.filter(pk__in=_as_one_parameter(ids))

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

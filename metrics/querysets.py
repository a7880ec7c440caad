"""Queries for Metrics."""

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Self

from django.db import models, transaction
from django.db.models import Q, Value
from django.db.models.expressions import CombinedExpression, Expression
from django.db.models.functions import Cast

from energy.errors import Conflict
from energy.instants import MICROS_PER_SECOND, to_micros
from energy.querysets import ToldQuerySet
from metrics.freshness import LATE_WITHIN, LIVE_WITHIN, Freshness
from metrics.relabelling import LABELS
from metrics.vocabulary import MetricType
from sites.querysets import seen_by


class IdList(Expression):
    """A list of ids as one parameter, for lookups with `in`.

    A thousand ids as a thousand parameters would take Django and the database 10 ms more.
    """

    output_field = models.BigIntegerField()

    def __init__(self, ids: Iterable[int]) -> None:
        super().__init__()
        self.ids = list(ids)

    def as_sqlite(self, compiler: Any, connection: Any) -> tuple[str, list[str]]:
        return "(SELECT value FROM json_each(%s))", [json.dumps(self.ids)]

    def as_postgresql(self, compiler: Any, connection: Any) -> tuple[str, list[str]]:
        # As a text, because psycopg would look at each element of a list to find its type.
        return "(SELECT unnest(%s::bigint[]))", [f"{{{','.join(map(str, self.ids))}}}"]


def before(now: datetime, interval: str, times: int) -> CombinedExpression:
    """The instant that is `times` the expected interval before `now`.

    `interval` is the lookup path of the interval, whose column is too narrow for microseconds.
    """
    wide = models.BigIntegerField()
    micros = Cast(interval, wide) * Value(times * MICROS_PER_SECOND, wide)
    return Value(to_micros(now), wide) - micros


class MetricQuerySet(ToldQuerySet):
    """Metrics; every query for a user starts with `visible_to(user)`."""

    def update(self, **values: Any) -> int:
        """Update rows; not what readings mean, where there are any: `Metric.save` asks for that."""
        labels = [label for label in LABELS if label in values]
        if not labels:
            return super().update(**values)
        with transaction.atomic():
            # Whoever stores readings locks the Metric until the commit: none come in between.
            locked = list(self.order_by("pk").select_for_update().values_list("pk", flat=True))
            relabelled = self.model.objects.among(locked).filter(latest__isnull=False)
            if labels == ["expected_interval"]:  # of which only the readings of intervals tell
                same = Q(expected_interval=values["expected_interval"])
                relabelled = relabelled.filter(~same, type=MetricType.INTERVAL)
            if relabelled.exists():
                message = "Metrics that have readings are relabelled one by one."
                raise Conflict(message, code="has_history", field=labels[0])
            return super().update(**values)

    def visible_to(self, user: Any) -> Self:
        """The Metrics of the Devices that `user` sees."""
        return self.filter(seen_by(user, "device__site__"))

    def among(self, ids: Iterable[int]) -> Self:
        """The Metrics with these `ids`, which are a single parameter of the query."""
        return self.filter(pk__in=IdList(ids))

    def with_latest(self) -> Self:
        """Fetch each Metric's latest value, Device and Site in the same query."""
        return self.select_related("latest", "device__site")

    def for_history(self) -> Self:
        """Fetch the columns of Metric, Device and Site that history needs, in the same query.

        All columns of the three would take Python twice as long for a thousand Metrics.
        """
        own = ("key", "name", "unit", "type", "expected_interval", "rollover")
        related = ("device__site", "device__rated_power", "device__site__time_zone")
        return self.select_related("device__site").only(*own, *related)

    def in_state(self, state: str, now: datetime) -> Self:
        """The Metrics whose latest value is live, late, stale or never (`metrics.freshness`)."""
        if state == Freshness.NEVER:
            return self.filter(latest__isnull=True)
        within = {
            name: Q(latest__timestamp__gte=since, latest__received_at__gte=since)
            for name, since in (
                ("live", before(now, "expected_interval", LIVE_WITHIN)),
                ("late", before(now, "expected_interval", LATE_WITHIN)),
            )
        }
        states = {
            Freshness.LIVE: within["live"],
            Freshness.LATE: within["late"] & ~within["live"],
            Freshness.STALE: ~within["late"],
        }
        return self.filter(states[Freshness(state)], latest__isnull=False)

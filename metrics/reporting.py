"""How many Devices of a Site report, as in "6 of 8 reporting".

A Device reports while at least one of its Metrics is live or late. Those count that are in service
now, by the rule that figures have (`devices.querysets.in_service`).
"""

from datetime import datetime
from enum import StrEnum

from django.db.models import (
    Case,
    CharField,
    Count,
    F,
    IntegerField,
    Max,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Coalesce, Least

from devices.models import Device
from devices.querysets import in_service
from energy.fields import InstantField
from metrics.freshness import LATE_WITHIN
from metrics.models import Latest
from metrics.querysets import before
from sites.querysets import SiteQuerySet


class SiteState(StrEnum):
    """Whether all, some or none of a Site's Devices report, or there are none."""

    REPORTING = "reporting"
    PARTLY = "partly"
    SILENT = "silent"
    EMPTY = "empty"


def with_reporting(sites: SiteQuerySet, now: datetime) -> SiteQuerySet:
    """Annotate `expected_count`, `reporting_count`, `measured_at` (newest) and `state` at `now`."""
    expected = Device.objects.filter(in_service(now), site=OuterRef("pk"))
    latest = Latest.objects.filter(metric__device__site=OuterRef("pk"))
    since = before(now, "metric__expected_interval", LATE_WITHIN)
    fresh = latest.filter(
        in_service(now, "metric__device__"), timestamp__gte=since, received_at__gte=since
    )
    newest = (
        latest.order_by()
        .values("metric__device__site")
        .annotate(newest=Max(Least("timestamp", "received_at")))
    )
    return sites.annotate(
        expected_count=_count(expected, "site", "pk"),
        reporting_count=_count(fresh, "metric__device__site", "metric__device"),
        measured_at=Subquery(newest.values("newest"), InstantField()),
    ).annotate(state=_state())


def _count(rows: QuerySet, owner: str, what: str) -> Coalesce:
    """The number of distinct `what` in `rows`, a query of rows of one `owner`."""
    counts = rows.order_by().values(owner).annotate(n=Count(what, distinct=True)).values("n")
    return Coalesce(Subquery(counts, IntegerField()), 0)


def _state() -> Case:
    return Case(
        When(expected_count=0, then=Value(SiteState.EMPTY.value)),
        When(reporting_count=0, then=Value(SiteState.SILENT.value)),
        When(Q(reporting_count__lt=F("expected_count")), then=Value(SiteState.PARTLY.value)),
        default=Value(SiteState.REPORTING.value),
        output_field=CharField(),
    )

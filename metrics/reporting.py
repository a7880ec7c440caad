"""Which Devices report: the counts and the age behind "6 of 8 reporting".

A Device reports while at least one of its Metrics is live or late. Retired Devices are not
expected to.
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
from django.db.models.functions import Coalesce

from devices.kinds import DeviceStatus
from devices.models import Device
from energy.fields import InstantField
from metrics.freshness import LATE_WITHIN
from metrics.models import Latest
from metrics.querysets import before
from sites.querysets import SiteQuerySet


class SiteState(StrEnum):
    """How much of a Site reports."""

    REPORTING = "reporting"
    PARTLY = "partly"
    SILENT = "silent"
    EMPTY = "empty"


def with_reporting(sites: SiteQuerySet, now: datetime) -> SiteQuerySet:
    """Annotate `expected_count`, `reporting_count`, `measured_at` (newest) and `state` at `now`."""
    expected = Device.objects.filter(site=OuterRef("pk")).exclude(status=DeviceStatus.RETIRED)
    fresh = Latest.objects.filter(
        metric__device__site=OuterRef("pk"),
        timestamp__gte=before(now, "metric__expected_interval", LATE_WITHIN),
    ).exclude(metric__device__status=DeviceStatus.RETIRED)
    return sites.annotate(
        expected_count=_counted(expected, "site", "pk"),
        reporting_count=_counted(fresh, "metric__device__site", "metric__device"),
        measured_at=_newest("metric__device__site"),
    ).annotate(state=_state())


def _counted(rows: QuerySet, owner: str, what: str) -> Coalesce:
    """How many different `what` the subquery `rows` holds for each `owner`."""
    counted = rows.order_by().values(owner).annotate(n=Count(what, distinct=True)).values("n")
    return Coalesce(Subquery(counted, IntegerField()), 0)


def _newest(owner: str) -> Subquery:
    rows = Latest.objects.filter(**{owner: OuterRef("pk")}).order_by().values(owner)
    return Subquery(rows.annotate(newest=Max("timestamp")).values("newest"), InstantField())


def _state() -> Case:
    return Case(
        When(expected_count=0, then=Value(SiteState.EMPTY.value)),
        When(reporting_count=0, then=Value(SiteState.SILENT.value)),
        When(Q(reporting_count__lt=F("expected_count")), then=Value(SiteState.PARTLY.value)),
        default=Value(SiteState.REPORTING.value),
        output_field=CharField(),
    )

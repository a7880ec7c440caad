"""What a request for history means: its window of time and the zone of its days."""

from collections.abc import Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from energy.errors import DomainError
from energy.instants import to_micros
from history.buckets import DAY, Window, midnight
from metrics.models import Metric
from sites.time_zones import time_zone_names

DEFAULT_SPAN = DAY
YEARS = range(1900, 2201)


def resolve_window(
    start: datetime | date | None, end: datetime | date | None, zone: ZoneInfo, now: datetime
) -> Window:
    """The window asked for: up to `now` by default, and from DEFAULT_SPAN before its end.

    A plain date is its midnight in `zone`. Raises DomainError naming `start` or `end`.
    """
    until = to_micros(now) if end is None else _instant(end, zone, "end")
    since = until - DEFAULT_SPAN if start is None else _instant(start, zone, "start")
    if since >= until:
        raise DomainError("The window must start before it ends.", code="order", field="start")
    return Window(since, until)


def resolve_zone(name: str | None, metrics: Sequence[Metric], otherwise: str) -> ZoneInfo:
    """The zone of that name; else the Metrics' Site's; where Sites differ, `otherwise`.

    Raises DomainError naming `time_zone`.
    """
    if name is None:
        of_sites = {metric.device.site.time_zone for metric in metrics}
        name = of_sites.pop() if len(of_sites) == 1 else otherwise
    if name not in time_zone_names():
        raise DomainError(
            f"“{name}” is not an IANA time zone, such as Europe/Amsterdam or UTC.",
            code="unknown_time_zone",
            field="time_zone",
        )
    return ZoneInfo(name)


def _instant(moment: datetime | date, zone: ZoneInfo, field: str) -> int:
    if moment.year not in YEARS:
        message = f"History is asked for between the years {YEARS[0]} and {YEARS[-1]}."
        raise DomainError(message, code="out_of_range", field=field)
    if not isinstance(moment, datetime):
        return midnight(moment, zone)
    if moment.utcoffset() is None:
        message = "A time needs its offset from UTC, such as Z or +02:00."
        raise DomainError(message, code="naive", field=field)
    return to_micros(moment)

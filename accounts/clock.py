"""Which time zone a user reads times in."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from accounts.models import User

UTC = ZoneInfo("UTC")


def zone_for(user: Any, sites: Iterable[Any]) -> ZoneInfo:
    """The zone that pages about `sites` show `user`: their choice of the Site's, own or UTC.

    Where the Sites lie in different zones, "the Site's" is no answer and the user's own is used.
    """
    clock = getattr(user, "clock", User.Clock.UTC)
    if clock == User.Clock.UTC:
        return UTC
    zones = {site.time_zone for site in sites}
    if clock == User.Clock.SITE and len(zones) == 1:
        return ZoneInfo(zones.pop())
    return ZoneInfo(user.time_zone)


def offset_label(zone: ZoneInfo, at: datetime) -> str:
    """The offset of `zone` at the instant `at`: "UTC", "UTC+1", "UTC−3:30"."""
    offset = at.astimezone(zone).utcoffset()
    minutes = 0 if offset is None else round(offset.total_seconds() / 60)
    if minutes == 0:
        return "UTC"
    sign = "+" if minutes > 0 else "\u2212"
    hours, rest = divmod(abs(minutes), 60)
    return f"UTC{sign}{hours}:{rest:02d}" if rest else f"UTC{sign}{hours}"


def zone_label(zone: ZoneInfo, at: datetime) -> str:
    """The zone's name with its present offset: "Europe/Amsterdam (UTC+1)"; just "UTC" for UTC."""
    label = offset_label(zone, at)
    return label if zone.key == "UTC" else f"{zone.key} ({label})"


def age_text(seconds: float) -> str:
    """An age under a day in words: "3 s ago", "14 min ago", "5 h ago"; "now" when just arrived."""
    if seconds < 1:
        return "now"
    for unit, size in (("h", 3600), ("min", 60), ("s", 1)):
        if seconds >= size:
            return f"{int(seconds // size)} {unit} ago"
    raise AssertionError("unreachable: seconds is at least 1")

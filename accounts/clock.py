"""Instants and time zones in words."""

from datetime import datetime
from zoneinfo import ZoneInfo


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

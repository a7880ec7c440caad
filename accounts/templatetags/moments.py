"""Instants on pages: relative under a day, else in the reader's zone; UTC for machines."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.clock import age_text, offset_label, zone_label
from energy.clock_changes import repeated

register = template.Library()

_RELATIVE_FOR = timedelta(days=1)


@register.simple_tag(takes_context=True)
def age(context: Any, at: datetime | None, state: str = "", interval: int = 0) -> SafeString | str:
    """How long ago `at` was; its date and time in the page's zone after a day.

    `state` (live, late, stale) becomes a CSS class, which a script changes in time where
    the expected `interval` in seconds is given. Needs `now` and `zone` in the context.
    """
    if at is None:
        return "–"
    zone, since = context["zone"], context["now"] - at
    recent = since < _RELATIVE_FOR
    written = age_text(since.total_seconds()) if recent else _absolute(at, zone)
    return format_html(
        '<time class="age is-{}" datetime="{}"{} title="{}">{}</time>',
        state or "plain",
        _machine(at),
        format_html(' data-interval="{}"', interval) if interval else "",
        _absolute(at, zone, seconds=True),
        written,
    )


@register.simple_tag(takes_context=True)
def moment(context: Any, at: datetime | None, seconds: bool = False) -> SafeString | str:
    """`at` as a date and time in the page's zone."""
    if at is None:
        return "–"
    return format_html(
        '<time datetime="{}">{}</time>',
        _machine(at),
        _absolute(at, context["zone"], seconds=seconds),
    )


@register.simple_tag(takes_context=True)
def page_zone(context: Any) -> str:
    """The zone the page's times are in, with its present offset."""
    return zone_label(context["zone"], context["now"])


@register.simple_tag(takes_context=True)
def page_offset(context: Any) -> str:
    """The present offset of the page's zone from UTC."""
    return offset_label(context["zone"], context["now"])


def _machine(at: datetime) -> str:
    return at.astimezone(ZoneInfo("UTC")).isoformat().replace("+00:00", "Z")


def _absolute(at: datetime, zone: ZoneInfo, *, seconds: bool = False) -> str:
    """The date and time; with its offset where the clocks of `zone` show the same time twice."""
    clock = "%H:%M:%S" if seconds else "%H:%M"
    local = at.astimezone(zone)
    written = f"{local.day} {local:%b %Y}, {local.strftime(clock)}"
    is_repeated = repeated(local.replace(tzinfo=None), zone)
    return f"{written} ({offset_label(zone, at)})" if is_repeated else written

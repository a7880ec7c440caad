"""Values with their units and states on pages."""

from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from metrics.quantities import THIN_SPACE, Scale, count, number, scale_for

register = template.Library()


@register.simple_tag(takes_context=True)
def quantity(
    context: Any, value: float | None, unit: str, scale: Scale | None = None, state: str = ""
) -> SafeString:
    """`value` (base unit `unit`) with its unit, in `scale` or one that suits it alone."""
    scale = scale or scale_for(unit, [value], kilo=wants_kilo(context.get("user")))
    shown = None if value is None else value / scale.divisor
    written = count(shown) if unit == "1" else number(shown)
    if value is None or not scale.unit:
        return format_html('<span class="value is-{}">{}</span>', state or "plain", written)
    return format_html(
        '<span class="value is-{}">{}</span>{}<span class="unit">{}</span>',
        state or "plain",
        written,
        THIN_SPACE,
        scale.unit,
    )


@register.filter
def in_scale(value: float | None, scale: Scale) -> str:
    """`value` (base unit) as a number in `scale`; the column head names the unit."""
    return scale.number(value)


@register.filter
def plain_number(value: float | None) -> str:
    """`value` as a number, the dash when unknown."""
    return number(value)


@register.inclusion_tag("partials/state_badge.html")
def state_badge(state: str) -> dict[str, str]:
    """A latest value's state in words when there is none or it is stale; its age says the rest."""
    return {"state": state}


def wants_kilo(user: Any) -> bool:
    """Whether the user asked for kW and kWh everywhere."""
    return getattr(user, "units", "") == "kilo"

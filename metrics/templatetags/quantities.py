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
    """`value` (in the base unit `unit`) with its unit, in `scale` or in a scale of its own."""
    scale = scale or scale_for(unit, [value], kilo=wants_kilo(context.get("user")))
    scaled = None if value is None else value / scale.divisor
    digits = count(scaled) if unit == "1" else number(scaled)
    if value is None or not scale.unit:
        return format_html('<span class="value is-{}">{}</span>', state or "plain", digits)
    return format_html(
        '<span class="value is-{}">{}</span>{}<span class="unit">{}</span>',
        state or "plain",
        digits,
        THIN_SPACE,
        scale.unit,
    )


@register.filter
def in_scale(value: float | None, scale: Scale) -> str:
    """`value` (in the base unit) as a number in `scale`, where a column head has the unit."""
    return scale.number(value)


@register.filter
def plain_number(value: float | None) -> str:
    """`value` as a number, or a dash when it is unknown."""
    return number(value)


@register.inclusion_tag("partials/state_badge.html")
def state_badge(state: str) -> dict[str, str]:
    """A badge for a latest value that is stale or missing."""
    return {"state": state}


def wants_kilo(user: Any) -> bool:
    """Whether the user has chosen kW and kWh everywhere."""
    return getattr(user, "units", "") == "kilo"

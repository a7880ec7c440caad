"""Small lines of recent history on pages."""

from collections.abc import Sequence
from typing import Any

from django import template

from timeseries.sparklines import HEIGHT, WIDTH, sparkline_path

register = template.Library()


@register.inclusion_tag("partials/sparkline.html")
def sparkline(values: Sequence[float | None], css: str = "") -> dict[str, Any]:
    """A line of recent values, coloured by the class `css`; nothing when there is no line."""
    return {"path": sparkline_path(values or ()), "css": css, "width": WIDTH, "height": HEIGHT}

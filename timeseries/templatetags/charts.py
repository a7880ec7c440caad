"""Charts and small lines of history on pages."""

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import orjson
from django import template
from django.utils.html import json_script
from django.utils.safestring import SafeString

from timeseries.sparklines import HEIGHT, WIDTH, sparkline_path

register = template.Library()


class _ArrayEncoder(json.JSONEncoder):
    """Writes arrays too, without spaces; what is not a number is null."""

    def encode(self, o: Any) -> str:
        return orjson.dumps(o, np.ascontiguousarray, orjson.OPT_SERIALIZE_NUMPY).decode()


@register.filter
def chart_script(description: dict[str, Any], element_id: str) -> SafeString:
    """What a chart's script draws, as JSON in a script element of that id."""
    return json_script(description, element_id, encoder=_ArrayEncoder)


@register.inclusion_tag("partials/sparkline.html")
def sparkline(values: Sequence[float | None], css: str = "") -> dict[str, Any]:
    """A line of recent values, coloured by the class `css`; nothing when there is no line."""
    return {"path": sparkline_path(values or ()), "css": css, "width": WIDTH, "height": HEIGHT}

"""The furniture of a page: icons, sortable column heads."""

from typing import Any

from django import template
from django.forms import BaseForm, BoundField
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()


@register.simple_tag
def icon(name: str) -> SafeString:
    """An icon of the sprite, hidden from screen readers: the words stand beside it."""
    return format_html(
        '<svg class="icon" aria-hidden="true"><use href="{}#{}"/></svg>', static("icons.svg"), name
    )


@register.filter
def faulty(form: BaseForm) -> list[BoundField]:
    """The visible fields of `form` that have errors, in their order on the page."""
    return [field for field in form.visible_fields() if field.errors]


@register.inclusion_tag("partials/sort_head.html", takes_context=True)
def sort_head(
    context: Any, field: str, label: str, css: str = "", start: str = ""
) -> dict[str, Any]:
    """A column head that sorts by `field` through the URL; again turns the order round.

    `start` "-" sorts descending first, as suits numbers and times.
    """
    asked = context["request"].GET.get("ordering", "")
    current = {field: "ascending", f"-{field}": "descending"}.get(asked, "")
    turned = {"ascending": f"-{field}", "descending": field}.get(current, f"{start}{field}")
    return {
        "request": context["request"],
        "label": label,
        "css": css,
        "current": current,
        "ordering": turned,
    }

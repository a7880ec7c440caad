"""How many names from outside wait for a Metric, where pages lead to them."""

from typing import Any

from django import template

from ingest.models import Discovered

register = template.Library()


@register.simple_tag(takes_context=True)
def names_that_wait(context: Any, site: Any = None) -> int | None:
    """How many there are, of a Site alone or in all; None for users who may not look."""
    user = getattr(context.get("request"), "user", None)
    if user is None or not user.has_perm("ingest.view_discovered"):
        return None
    rows = Discovered.objects.visible_to(user).waiting()
    return (rows.filter(site=site) if site else rows).count()

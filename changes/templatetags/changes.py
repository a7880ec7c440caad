"""What changes say, on pages."""

from collections.abc import Iterable
from datetime import tzinfo

from django import template

from changes import sentences
from changes.described import action_of, kind_of
from changes.models import Change

register = template.Library()


@register.filter
def kind(change: Change) -> str:
    """What was changed."""
    return kind_of(change).value


@register.filter
def action(change: Change) -> str:
    """What was done to it."""
    return action_of(change).value


@register.filter
def told(changes: Iterable[Change], zone: tzinfo) -> list[sentences.Told]:
    """Each change with what it says of each field, on one line; times on the page's clocks."""
    return sentences.told(changes, zone)

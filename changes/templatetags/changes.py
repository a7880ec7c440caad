"""What a change says, on pages."""

from typing import Any

from django import template

from changes.described import FieldChange, action_of, fields_of, kind_of
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
def in_words(change: Change) -> str:
    """Each field before and after, on one line."""
    return "; ".join(map(_in_words, fields_of(change)))


def _in_words(told: FieldChange) -> str:
    field = told.field.replace("_", " ")
    if told.added or told.removed:
        verb, names = ("added", told.added) if told.added else ("removed", told.removed)
        more = f" and {told.more} more" if told.more else ""
        return f"{field}: {verb} {', '.join(names)}{more}"
    if told.old is None:
        return f"{field}: {_value(told.new)}"
    if told.new is None:
        return f"{field} was {_value(told.old)}"
    return f"{field}: {_value(told.old)} → {_value(told.new)}"


def _value(value: Any) -> str:
    return "empty" if value in ("", None) else str(value)

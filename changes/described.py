"""What an entry says, in words and as data: its kind, its action, and each field that changed."""

from typing import Any, NamedTuple

from auditlog.models import AbstractLogEntry
from django.db.models import TextChoices

from changes.models import Change


class ChangeKind(TextChoices):
    """What was changed, by the name of its model."""

    SITE = "site"
    ASSIGNMENT = "assignment"
    DEVICE = "device"
    METRIC = "metric"
    ALIAS = "alias"
    READINGS = "readings"
    SUBSCRIPTION = "subscription"
    TOKEN = "token"
    USER = "user"
    GROUP = "group"


class ChangeAction(TextChoices):
    """What was done to it."""

    CREATED = "created"
    CHANGED = "changed"
    DELETED = "deleted"


_KINDS = {
    "siteassignment": ChangeKind.ASSIGNMENT,
    "reading": ChangeKind.READINGS,
    "apitoken": ChangeKind.TOKEN,
}
_ACTIONS = {
    AbstractLogEntry.Action.CREATE: ChangeAction.CREATED,
    AbstractLogEntry.Action.UPDATE: ChangeAction.CHANGED,
    AbstractLogEntry.Action.DELETE: ChangeAction.DELETED,
}


class FieldChange(NamedTuple):
    """One field before and after; of a relation the names that came and went.

    Of long relations only the first names are kept: `more` says how many others there were.
    """

    field: str
    old: Any = None
    new: Any = None
    added: list[str] = []
    removed: list[str] = []
    more: int = 0


def kind_of(change: Change) -> ChangeKind:
    """What was changed."""
    model = change.content_type.model
    return _KINDS.get(model) or ChangeKind(model)


def action_of(change: Change) -> ChangeAction:
    """What was done to it."""
    return _ACTIONS[change.action]


def fields_of(change: Change) -> list[FieldChange]:
    """The fields that changed, by name."""
    return [_field(name, told) for name, told in sorted((change.changes or {}).items())]


def _field(name: str, told: Any) -> FieldChange:
    if not isinstance(told, dict):
        return FieldChange(name, *told)
    names, more = told["objects"], told["count"] - len(told["objects"])
    if told["operation"] == "add":
        return FieldChange(name, added=names, more=more)
    return FieldChange(name, removed=names, more=more)

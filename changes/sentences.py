"""What entries say in words: fields under their names, values as people read them."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, tzinfo
from typing import Any, NamedTuple

from django.core.exceptions import FieldDoesNotExist
from django.db import models

from changes.described import ChangeAction, ChangeKind, FieldChange, action_of, fields_of, kind_of
from changes.logged import with_names
from changes.models import Change
from metrics.quantities import scale_for

Names = Mapping[tuple[type[models.Model], Any], str]

_SCALED = {"rated_power": "W"}
_UNITS = {"expected_interval": "s", "retention_days": "days", "latitude": "°", "longitude": "°"}


class Told(NamedTuple):
    """An entry, and what it says of each field."""

    change: Change
    words: str


def told(changes: Iterable[Change], zone: tzinfo) -> list[Told]:
    """The entries in words, times on the clocks of `zone`; a query for each kind of row named."""
    listed = list(changes)
    names = _names(listed)
    return [Told(change, _in_words(change, names, zone)) for change in listed]


def _names(changes: Iterable[Change]) -> Names:
    """The names of the rows that fields refer to by their ids, of those that are still there."""
    wanted: dict[type[models.Model], set[Any]] = defaultdict(set)
    for change in changes:
        for each in fields_of(change):
            field = _field_of(change, each.field)
            if field is not None and field.many_to_one:
                wanted[field.related_model] |= {each.old, each.new} - {None}
    return {
        (model, row.pk): str(row)
        for model, keys in wanted.items()
        for row in with_names(model._base_manager.filter(pk__in=keys))
    }


def _in_words(change: Change, names: Names, zone: tzinfo) -> str:
    fields = fields_of(change)
    if kind_of(change) == ChangeKind.READINGS:
        return _of_readings({each.field: each.old for each in fields}, zone)
    said = (_said(change, each, names, zone) for each in fields)
    return "; ".join(filter(None, said))


def _of_readings(deleted: Mapping[str, Any], zone: tzinfo) -> str:
    """How many, of which window."""
    words = [f"{deleted['count']:,} readings" if deleted.get("count") != 1 else "1 reading"]
    for word, name in (("from", "start"), ("before", "end")):
        if deleted.get(name):
            words.append(f"{word} {_time(deleted[name], zone)}")
    return " ".join(words)


def _said(change: Change, each: FieldChange, names: Names, zone: tzinfo) -> str:
    """What became of one field; of what was not filled in, in a row that came or went, nothing."""
    field = _field_of(change, each.field)
    name = str(field.verbose_name) if field is not None else each.field.replace("_", " ")
    if each.added or each.removed:
        verb, those = ("added", each.added) if each.added else ("removed", each.removed)
        more = f" and {each.more} more" if each.more else ""
        return f"{name}: {verb} {', '.join(those)}{more}"
    old, new = (_value(field, value, names, zone) for value in (each.old, each.new))
    action = action_of(change)
    if action == ChangeAction.CREATED:
        return f"{name}: {new}" if new else ""
    if action == ChangeAction.DELETED:
        return f"{name} was {old}" if old else ""
    return f"{name}: {old or 'empty'} → {new or 'empty'}"


def _field_of(change: Change, name: str) -> Any:
    model: Any = change.content_type.model_class()
    try:
        return model._meta.get_field(name)
    except FieldDoesNotExist:  # of a model as it was then
        return None


def _value(field: Any, value: Any, names: Names, zone: tzinfo) -> str:
    """A value as people read it, "" where there is none."""
    if value in (None, ""):
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value) if field is None else _value_of(field, value, names, zone)


def _value_of(field: Any, value: Any, names: Names, zone: tzinfo) -> str:
    """The same by what the field holds: a row, one of some choices, a time, or a number."""
    if field.many_to_one:
        return names.get((field.related_model, value), f"no. {value}")
    if field.choices:
        return str(dict(field.flatchoices).get(value, value))
    if isinstance(field, models.DateTimeField):
        return _time(value, zone)
    if unit := _SCALED.get(field.name):
        return scale_for(unit, [value]).text(value)
    return " ".join(filter(None, [str(value), _UNITS.get(field.name)]))


def _time(text: str, zone: tzinfo) -> str:
    """A stored time, which is in UTC unless it says otherwise."""
    at = datetime.fromisoformat(text)
    local = (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(zone)
    return f"{local.day} {local:%b %Y, %H:%M}"

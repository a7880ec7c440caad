"""The filters and the ordering of the list of changes, on its page and in the API."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from typing import Any

import django_filters
from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Model, Q, QuerySet
from drf_spectacular.utils import extend_schema_field
from rest_framework.exceptions import ValidationError as RefusedValue

from accounts.models import User
from changes.models import Change
from devices.models import Device
from energy.filters import OrderingFilter, SearchFilter
from energy.parameters import MomentField
from energy.serializers import MAX_ID
from sites.models import Site

UNKNOWN = "There is none that you see."
_NO_MOMENT = MomentField.default_error_messages["invalid"]


class KnownField(forms.Field):
    """A field whose value, where it is one at all, is handed to `check`."""

    def __init__(self, *, check: Callable[[Any], None], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.check = check

    def clean(self, value: Any) -> Any:
        cleaned = super().clean(value)
        if cleaned not in self.empty_values:
            self.check(cleaned)
        return cleaned


class KnownIdField(KnownField, forms.IntegerField):
    """An id."""


class KnownNameField(KnownField, forms.CharField):
    """A name."""


class KnownFilter(ABC, django_filters.Filter):
    """A filter whose values are checked against what the request's user sees."""

    @property
    def field(self) -> forms.Field:
        self.extra["check"] = self.check_known
        return super().field

    def check_known(self, value: Any) -> None:
        """Raise ValidationError unless the user sees what `value` names, or a change of it."""
        user = self.parent.request.user
        if not (self.is_seen(value, user) or self.of(value, Change.objects.visible_to(user))):
            raise ValidationError(UNKNOWN, code="invalid_choice")

    @abstractmethod
    def is_seen(self, value: Any, user: Any) -> bool:
        """Whether `user` sees the row itself, which need not have changed yet."""

    @abstractmethod
    def of(self, value: Any, changes: QuerySet[Any]) -> QuerySet[Any]:
        """The changes that `value` names."""

    def filter(self, qs: QuerySet[Any], value: Any) -> QuerySet[Any]:
        return self.of(value, qs) if value else qs


@extend_schema_field({"type": "integer", "minimum": 1, "maximum": MAX_ID})
class KnownIdFilter(KnownFilter):
    """The id of a row of `model`, or of one that was deleted and has changes that one sees."""

    field_class = KnownIdField

    def __init__(self, model: type[Model], **kwargs: Any) -> None:
        super().__init__(min_value=1, max_value=MAX_ID, **kwargs)
        self.model_of_rows: Any = model

    def is_seen(self, value: int, user: Any) -> bool:
        return bool(self.model_of_rows.objects.visible_to(user).filter(pk=value).exists())

    def of(self, value: int, changes: QuerySet[Any]) -> QuerySet[Any]:
        return changes.filter(**{f"{self.field_name}_id": value})

    def in_words(self, value: int) -> str:
        """The row's name; its number where it is gone."""
        row = (
            self.model_of_rows.objects.visible_to(self.parent.request.user).filter(pk=value).first()
        )
        return str(row or f"no. {value}")


@extend_schema_field({"type": "string", "maxLength": 150})
class ActorFilter(KnownFilter):
    """The user name, or the id, of who changed something."""

    field_class = KnownNameField

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=150, **kwargs)

    def is_seen(self, value: str, user: Any) -> bool:
        named = _named(value, "username", "pk")
        return bool(User.objects.visible_to(user).filter(named).exists())

    def of(self, value: str, changes: QuerySet[Any]) -> QuerySet[Any]:
        return changes.filter(_named(value, "actor_name", "actor_id"))


def _named(value: str, name: str, key: str) -> Q:
    by_name = Q(**{name: value})
    is_id = value.isascii() and value.isdigit() and int(value) <= MAX_ID
    return by_name | Q(**{key: int(value)}) if is_id else by_name


class InstantFormField(forms.Field):
    """An instant with its offset; a date is its midnight in UTC."""

    def to_python(self, value: Any) -> datetime | None:
        if value is None:
            return None
        try:
            moment: date = MomentField().to_internal_value(str(value))
        except RefusedValue as refusal:
            raise ValidationError(_NO_MOMENT, "invalid") from refusal
        if not isinstance(moment, datetime):
            return datetime.combine(moment, time(), UTC)
        if moment.tzinfo is None:
            raise ValidationError(_NO_MOMENT, "invalid")
        return moment


@extend_schema_field({"type": "string", "anyOf": [{"format": "date-time"}, {"format": "date"}]})
class SinceFilter(django_filters.Filter):
    """From an instant on."""

    field_class = InstantFormField

    def in_words(self, value: datetime) -> str:
        """What a page says that it is filtered by."""
        return f"{value.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


class ChangeFilterSet(django_filters.FilterSet):
    """Changes by Site, Device, who made them, and from when on."""

    search = SearchFilter(fields=("object_repr", "actor_name"))
    site = KnownIdFilter(Site, label="Site")
    device = KnownIdFilter(Device, label="Device")
    actor = ActorFilter(label="Who")
    since = SinceFilter(label="Since", field_name="timestamp", lookup_expr="gte")
    ordering = OrderingFilter(fields=("timestamp",))

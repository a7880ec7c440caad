"""Serializer fields that do not convert between JSON types, and relations to visible rows only.

DRF turns 5 into "5", true into 1.0 and "nan" into a number, and ignores unknown names. Here each of
these is a 400 that names the field.
"""

import math
from collections.abc import Mapping
from copy import copy
from functools import cached_property
from typing import Any

from django.db import models
from django.urls import reverse
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError

MAX_ID = 2**63 - 1


def whole_number(data: Any) -> int | None:
    """`data` as an int if it is an integer in JSON (5 and 5.0 are), else None."""
    if isinstance(data, float) and data.is_integer():
        return int(data)
    return data if isinstance(data, int) and not isinstance(data, bool) else None


class TextField(serializers.CharField):
    """A JSON string."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class NumberField(serializers.FloatField):
    """A JSON number within the range of a double."""

    def to_internal_value(self, data: Any) -> float:
        if isinstance(data, bool) or not isinstance(data, int | float):
            self.fail("invalid")
        try:
            number = float(data)
        except OverflowError:
            self.fail("invalid")
        if not math.isfinite(number):
            self.fail("invalid")
        return number


class WholeNumberField(serializers.IntegerField):
    """A JSON integer."""

    def to_internal_value(self, data: Any) -> int:
        number = whole_number(data)
        if number is None:
            self.fail("invalid")
        return number


class FlagField(serializers.BooleanField):
    """A JSON true or false."""

    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data


class VisibleKeyField(serializers.PrimaryKeyRelatedField):
    """The id of a row that the request's user sees; any other id does not exist."""

    def get_queryset(self) -> Any:
        rows: Any = super().get_queryset()
        return rows.visible_to(self.context["request"].user)

    def to_internal_value(self, data: Any) -> Any:
        key = whole_number(data)
        if key is None:
            self.fail("incorrect_type", data_type=type(data).__name__)
        if not 0 < key <= MAX_ID:
            self.fail("does_not_exist", pk_value=key)
        return super().to_internal_value(key)


class AddressField(serializers.HyperlinkedIdentityField):
    """The row's own address, of which the common part is resolved once for a whole response."""

    @cached_property
    def _address_of_zero(self) -> str:
        # REST framework's own `reverse` would carry the request's `format` along, behind the id.
        path = reverse(self.view_name, args=[0])
        return str(self.context["request"].build_absolute_uri(path))

    def to_representation(self, value: Any) -> str:
        return f"{self._address_of_zero.removesuffix('0/')}{getattr(value, self.lookup_field)}/"


class StrictFieldsMixin:
    """Refuses fields that the serializer does not have.

    Read-only fields are ignored, so that a client can send back what it has read.
    """

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping):
            unknown = data.keys() - self.fields.keys()  # type: ignore[attr-defined]
            if unknown:
                errors = [ErrorDetail("There is no such field.", code="unknown_field")]
                raise ValidationError(dict.fromkeys(sorted(unknown), errors))
        return super().to_internal_value(data)


class StrictSerializer(StrictFieldsMixin, serializers.Serializer):
    """A serializer of plain values."""


class StrictModelSerializer(StrictFieldsMixin, serializers.ModelSerializer):
    """A serializer of rows; relations are `VisibleKeyField`s."""

    serializer_related_field = VisibleKeyField
    serializer_field_mapping = {
        **serializers.ModelSerializer.serializer_field_mapping,
        models.CharField: TextField,
        models.TextField: TextField,
        models.FloatField: NumberField,
        models.PositiveIntegerField: WholeNumberField,
    }

    def get_unique_together_validators(self) -> list[Any]:
        """None: `validate` checks the model's constraints, whose errors name the field."""
        return []

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Check the unique constraints of the row as it would be stored.

        The other constraints repeat what the fields check, and take a query each.
        """
        model: type[models.Model] = self.Meta.model
        row = copy(self.instance) if self.instance else model()
        for field in model._meta.concrete_fields:
            if field.name in attrs:
                setattr(row, field.name, attrs[field.name])
        for constraint in model._meta.constraints:
            if isinstance(constraint, models.UniqueConstraint):
                constraint.validate(model, row)
        return attrs

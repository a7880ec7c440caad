"""A model field for instants, exact to the microsecond on every database."""

from datetime import datetime
from typing import Any

from django.core import checks
from django.db import models

from energy.instants import from_micros, to_micros


class InstantField(models.BigIntegerField):
    """An aware UTC datetime, stored as an 8-byte integer of microseconds since the Unix epoch.

    Eight bytes on SQLite too (where Django's DateTimeField is 26 characters of text), and the very
    numbers the history arrays are made of: nothing is parsed or formatted on the way.
    """

    description = "Instant (UTC, microseconds since the Unix epoch)"
    # What type checkers take the attribute of a model for.
    _pyi_private_set_type: datetime  # type: ignore[assignment]
    _pyi_private_get_type: datetime  # type: ignore[assignment]
    _pyi_lookup_exact_type: datetime | int  # type: ignore[assignment]

    def from_db_value(self, value: int | None, *args: Any) -> datetime | None:
        return None if value is None else from_micros(value)

    def to_python(self, value: Any) -> Any:
        return models.DateTimeField().to_python(value) if isinstance(value, str) else value

    def get_prep_value(self, value: Any) -> Any:
        return super().get_prep_value(to_micros(value) if isinstance(value, datetime) else value)

    def formfield(self, **kwargs: Any) -> Any:
        return models.DateTimeField.formfield(models.DateTimeField(), **kwargs)

    def check(self, **kwargs: Any) -> list[checks.CheckMessage]:
        return [message for message in super().check(**kwargs) if message.id != "fields.W122"]

"""A unique constraint that names the field at fault."""

from collections.abc import Collection
from typing import Any

from django.core.exceptions import ValidationError
from django.db import DEFAULT_DB_ALIAS, models


class UniqueWithin(models.UniqueConstraint):
    """A value that is unique within its owner, such as a name within a Site.

    `fields` is (owner, value). Django reports a violation on the whole row, and checks nothing
    where a form lacks the owner. Here the error is on the value, or on the owner where people
    cannot edit the value, and the owner of the row always counts. The error message may contain
    both, as in `%%(slug)s`.
    """

    def validate(
        self,
        model: type[models.Model],
        instance: models.Model,
        exclude: Collection[str] | None = None,
        using: str = DEFAULT_DB_ALIAS,
    ) -> None:
        owner, value = self.fields
        is_editable = model._meta.get_field(value).editable
        if is_editable and value in (exclude or ()):
            return
        try:
            super().validate(model, instance, using=using)
        except ValidationError as error:
            params: dict[str, Any] = {name: getattr(instance, name) for name in self.fields}
            fault = ValidationError(error.message, code="unique", params=params)
            raise ValidationError({value if is_editable else owner: fault}) from error

    def deconstruct(self) -> Any:
        """For migrations this is a plain unique constraint, as it is in the database."""
        _, args, kwargs = super().deconstruct()
        return "django.db.models.UniqueConstraint", args, kwargs

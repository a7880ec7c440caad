"""CSV import in the admin, with a preview, for users who may add and change the rows."""

from itertools import chain
from typing import Any

from django.contrib.admin import ModelAdmin
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from import_export import resources
from import_export.admin import ImportMixin
from import_export.formats.base_formats import CSV

from energy.admin import TAKEN


class VisibleResource(resources.ModelResource):
    """Imports the rows of a CSV file for `user`, each validated as a form would validate it.

    `made_on_saving` names fields that a CSV file does not have and that are set on saving.
    """

    made_on_saving: tuple[str, ...] = ()

    def __init__(self, user: Any) -> None:
        super().__init__()
        self.user = user

    def get_queryset(self) -> QuerySet[Any]:
        return super().get_queryset().visible_to(self.user)

    def validate_instance(
        self,
        instance: Any,
        import_validation_errors: dict[str, Any] | None = None,
        validate_unique: bool = True,
    ) -> None:
        errors: Any = dict(import_validation_errors or {})
        try:
            instance.full_clean({*errors, *self.made_on_saving}, validate_unique)
        except ValidationError as error:
            errors = error.update_error_dict(errors)
        for fault in chain.from_iterable(errors.values()):
            if fault.code == "unique":  # by which row may be hidden from the user
                fault.message = TAKEN
        if errors:
            raise ValidationError(errors)


class ImportingAdmin(ImportMixin, ModelAdmin):
    """Adds "Import" to a list: upload, preview with the errors of each row, confirm."""

    import_formats = [CSV]
    # Excel writes a byte order mark, which is no part of the first column's name.
    from_encoding = "utf-8-sig"

    def has_import_permission(self, request: HttpRequest) -> bool:
        return self.has_add_permission(request) and self.has_change_permission(request)

    def get_import_resource_kwargs(self, request: HttpRequest, **kwargs: Any) -> dict[str, Any]:
        return {"user": request.user}

"""CSV import in the admin, with a preview, for users who may add and change the rows."""

import json
from collections.abc import Mapping
from itertools import chain
from pathlib import Path
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.core.exceptions import ValidationError
from django.core.signing import BadSignature, Signer
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from import_export import resources
from import_export.admin import ImportMixin
from import_export.formats.base_formats import CSV
from import_export.forms import ConfirmImportForm
from import_export.tmp_storages import TempFolderStorage

from energy.admin import TAKEN

GONE = "This import cannot be confirmed any longer: choose the file once more."
REFUSED = "Nothing was imported, because some rows cannot be any longer: choose the file once more."


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


class PreviewGoneError(Exception):
    """The file that was previewed is not there any longer."""


class PreviewedFile(TempFolderStorage):
    """A file between its preview and its import, of which there is one."""

    def read(self) -> Any:
        try:
            return super().read()
        except FileNotFoundError as error:
            raise PreviewGoneError from error

    def remove(self) -> None:
        Path(self.get_full_path()).unlink(missing_ok=True)


class SealedConfirmForm(ConfirmImportForm):
    """Confirms what a preview has sent to the same user, and nothing else.

    The name of a file would otherwise be that of any file in the folder.
    """

    seal = forms.CharField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, signer: Signer, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.signer = signer
        if self.initial:
            self.initial["seal"] = signer.sign(_sealed(self.initial))

    def clean(self) -> None:
        try:
            sent = self.signer.unsign(self.cleaned_data.get("seal", ""))
        except BadSignature as error:
            raise ValidationError(GONE) from error
        if sent != _sealed({**self.cleaned_data, **self.data.dict()}):
            raise ValidationError(GONE)


def _sealed(form: Mapping[str, Any]) -> str:
    return json.dumps([str(form.get(name)) for name in ("import_file_name", "format", "resource")])


class ImportingAdmin(ImportMixin, ModelAdmin):
    """Adds "Import" to a list: upload, preview with the errors of each row, confirm."""

    import_formats = [CSV]
    # Excel writes a byte order mark, which is no part of the first column's name.
    from_encoding = "utf-8-sig"
    confirm_form_class = SealedConfirmForm
    tmp_storage_class = PreviewedFile

    def has_import_permission(self, request: HttpRequest) -> bool:
        return self.has_add_permission(request) and self.has_change_permission(request)

    def get_import_resource_kwargs(self, request: HttpRequest, **kwargs: Any) -> dict[str, Any]:
        return {"user": request.user}

    def get_import_data_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        """All rows or none: one may be refused that its preview took."""
        return {**super().get_import_data_kwargs(**kwargs), "rollback_on_validation_errors": True}

    def get_confirm_form_kwargs(self, request: HttpRequest, import_form: Any = None) -> Any:
        signer = Signer(salt=f"{self.model._meta.label}.import.{request.user.pk}")
        return {**super().get_confirm_form_kwargs(request, import_form), "signer": signer}

    def process_import(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Import what was previewed; a message where that cannot be found any longer."""
        may = self.has_import_permission(request) and request.method == "POST"
        if may and not self.create_confirm_form(request).is_valid():
            return self._refused(request, GONE)
        try:
            return super().process_import(request, **kwargs)
        except PreviewGoneError:
            return self._refused(request, GONE)

    def process_result(self, result: Any, request: HttpRequest) -> HttpResponse:
        refused = [*(number for number, _ in result.row_errors()), *result.invalid_rows]
        if refused or result.base_errors:
            return self._refused(request, REFUSED)
        return super().process_result(result, request)

    def _refused(self, request: HttpRequest, message: str) -> HttpResponse:
        messages.error(request, message)
        name = f"admin:{'_'.join(self.get_model_info())}_import"
        return HttpResponseRedirect(reverse(name, current_app=self.admin_site.name))

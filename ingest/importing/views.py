"""Pages of imports: bringing a file, checking what it is taken for, following it, the outcome."""

from functools import partial
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.dateparse import parse_datetime
from django.views.generic import TemplateView
from django.views.generic.detail import SingleObjectMixin

from energy.access import VisibleObjectsMixin
from energy.errors import Conflict, DomainError
from energy.pages import FilteredListView, PageMixin, page_of
from ingest.importing.filters import ImportFilterSet
from ingest.importing.forms import CorrectionForm, UploadForm
from ingest.importing.mapping import Target, doubts
from ingest.importing.preview import preview_of
from ingest.importing.tasks import run_import
from ingest.importing.uploads import correct_import, start_import, targets_of, understood_of
from ingest.layouts.understood import Understood
from ingest.models import Import, ImportContent
from ingest.naming.views import VerbFirstMixin

_METHODS = ["get", "head", "post", "options"]
_NOT_LISTED = ("asked", "wishes", "understood", "targets", "failure", "refused")


class ImportListView(VerbFirstMixin, FilteredListView):
    """The imports, and the form that brings a file."""

    queryset = Import.objects.select_related("user", "site", "device").defer(*_NOT_LISTED)
    filterset_class = ImportFilterSet
    template_name = "imports/list.html"
    permission_required = "ingest.view_import"
    section = "imports"
    title = "Imports"
    max_body = "INGEST_MAX_BYTES"
    http_method_names = _METHODS

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().setup(request, *args, **kwargs)
        if request.method == "POST":
            self.permission_required = "ingest.add_import"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        form = kwargs.pop("form", None) or UploadForm(user=self.request.user, **self._place())
        return super().get_context_data(form=form, **kwargs)

    def _place(self) -> dict[str, Any]:
        """The Site and the Device whose imports are asked for: a file is likely to be theirs."""
        if not self.filterset.is_valid():
            return {}
        return {name: self.filterset.form.cleaned_data.get(name) for name in ("site", "device")}

    def get_status(self, context: dict[str, Any]) -> int:
        return 400 if context["form"].errors else super().get_status(context)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Keep the file that is brought, and lead to what it is taken for."""
        form = UploadForm(request.POST, request.FILES, user=request.user)
        if form.is_valid():
            try:
                return HttpResponseRedirect(form.save().get_absolute_url())
            except DomainError as refusal:
                _add_refusal(form, refusal)
        self.object_list = self.get_queryset()
        return self.render_to_response(self.get_context_data(form=form))


class ImportView(PageMixin, VisibleObjectsMixin, SingleObjectMixin, TemplateView):
    """One import, at whatever stage it is; until it is started, with the form to correct it."""

    queryset = Import.objects.select_related("user", "site", "device__site")
    template_name = "imports/detail.html"
    permission_required = "ingest.view_import"
    section = "imports"
    paginate_by = 100  # refused cells
    http_method_names = _METHODS
    object: Import

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().setup(request, *args, **kwargs)
        if request.method == "POST":
            self.permission_required = "ingest.change_import"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.user.is_authenticated:
            self._look()
        return super().dispatch(request, *args, **kwargs)

    def _look(self) -> None:
        """Take the import as it is stored: what it is taken for, and where its columns go."""
        self.object = self.get_object()
        self.understood = understood_of(self.object)
        self.problem, self.targets = _targets(self.object, self.understood)

    def get_title(self) -> str:
        return f"Import of {self.object}"

    def get_crumbs(self) -> list[tuple[str, str]]:
        return [("Imports", reverse("import-list"))]

    def get_sites(self) -> list[Any]:
        return [self.object.site]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        refused = self.object.refused
        page, self._page_fault = page_of(Paginator(refused, self.paginate_by), self.request.GET)
        more = self.object.refused_count - len(refused)
        shown: dict[str, Any] = {"page_obj": page, "more_refused": more}
        if self.object.is_open:
            shown |= self._checked()
        return super().get_context_data(**{**shown, **kwargs})

    def _checked(self) -> dict[str, Any]:
        """What is shown until it is started."""
        understood, form = self.understood, self._form()
        shown = {"form": form, "is_kept": ImportContent.objects.filter(of=self.object).exists()}
        if understood is None:
            return shown
        counts = {column.name: column.count for column in understood.columns}
        return {
            **shown,
            "understood": understood,
            "warnings": [*understood.warnings, *doubts(understood, self.targets)],
            "start": parse_datetime(understood.start),
            "end": parse_datetime(understood.end),
            "problem": self.problem,
            "preview": preview_of(understood, self.targets),
            "ready": sum(counts.get(target.column, 0) for target in self.targets),
        }

    def _form(self, data: Any = None) -> CorrectionForm:
        return CorrectionForm(
            data, imported=self.object, understood=self.understood, targets=self.targets
        )

    def get_status(self, context: dict[str, Any]) -> int:
        form = context.get("form")
        return 400 if form and form.errors else super().get_status(context)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Correct what was understood or, where nothing was changed, start it if so asked."""
        form = self._form(request.POST)
        is_to_start = "start" in request.POST
        if not (self.object.is_open and form.is_current()):
            messages.warning(request, "The import has changed meanwhile. Check it once more.")
        elif is_to_start and not form.has_changed():
            self._start()
        elif not (form.is_valid() and self._correct(form)):
            self._look()
            return self.render_to_response(self.get_context_data(form=form))
        elif is_to_start:
            messages.warning(request, "The file was read again as you said. Check it, then import.")
        return HttpResponseRedirect(self.object.get_absolute_url())

    def _start(self) -> None:
        self.permission_required = "ingest.add_import"
        self.check_verb()
        try:
            start_import(self.object)
        except DomainError as refusal:
            messages.error(self.request, refusal.message)
        else:
            transaction.on_commit(partial(run_import, self.object.pk))

    def _correct(self, form: CorrectionForm) -> bool:
        """Read the file again as is said in the form; False where that cannot be."""
        try:
            correct_import(self.object, form.asked(), form.wishes())
        except Conflict as refusal:
            messages.error(self.request, refusal.message)
        except DomainError as refusal:
            _add_refusal(form, refusal)
            return False
        return True


def _targets(imported: Import, understood: Understood | None) -> tuple[str, list[Target]]:
    """Where the columns go, or what keeps them from it in words."""
    if understood is None or not imported.is_open:
        return "", []
    try:
        return "", targets_of(imported, understood)
    except DomainError as refusal:
        return refusal.message, []


def _add_refusal(form: Any, refusal: DomainError) -> None:
    """Say at the field that it is about what was refused."""
    form.add_error(refusal.field if refusal.field in form.fields else None, refusal.message)

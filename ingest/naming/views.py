"""Pages of names from outside: those that wait for a Metric, and aliases."""

from typing import Any

from django.contrib import messages
from django.db.models import Sum
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse, reverse_lazy
from django.utils.functional import cached_property
from django.views import View
from django.views.generic import CreateView, DeleteView, UpdateView

from energy.access import VisibleObjectsMixin
from energy.errors import Conflict
from energy.pages import FilteredListView, PageMixin
from ingest.models import Alias, Discovered
from ingest.naming.filters import AliasFilterSet, DiscoveredFilterSet
from ingest.naming.forms import AcceptForm, AliasAddForm, AliasEditForm, AliasForm
from ingest.naming.proposals import looks_like
from ingest.naming.services import BackFilled, ignore, take_back

_DISCOVERED = reverse_lazy("discovered-list")
_ALIASES = reverse_lazy("alias-list")
_LONGEST_ID = 18  # digits
_GROUPS = 3  # Devices whose names are offered together


class VerbFirstMixin:
    """A page whose verb is checked before anything is looked up, as there is no one row."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.user.is_authenticated:
            self.check_verb()  # type: ignore[attr-defined]
        return super().dispatch(request, *args, **kwargs)


class NamePageMixin(PageMixin):
    """A page about one name that the user sees: the row is found first, then the verb checked."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.user.is_authenticated:
            self.found = get_object_or_404(
                Discovered.objects.visible_to(request.user).select_related("site", "owner"),
                pk=kwargs["pk"],
            )
            self.check_verb()
        return super().dispatch(request, *args, **kwargs)


class DiscoveredPage(FilteredListView):
    """The names that wait for a Metric; one of them with the form to accept it."""

    queryset = Discovered.objects.select_related("site", "owner")
    filterset_class = DiscoveredFilterSet
    template_name = "discovered/list.html"
    section = "discovered"
    title = "Discovered names"

    def accepting(self) -> Discovered | None:
        """The name whose form is open."""
        return None

    def form(self) -> AcceptForm | None:
        """The form to accept a name."""
        row = self.accepting()
        return AcceptForm(row=row, user=self.request.user) if row else None

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**{"form": self.form(), **kwargs})
        form, shown = context["form"], list(context["object_list"])
        if form and form.row not in shown:
            shown.insert(0, form.row)
        visible = Discovered.objects.visible_to(self.request.user)
        kept = visible.waiting().aggregate(kept=Sum("waiting"))["kept"] or 0
        return {
            **context,
            "rows": [(row, looks_like(row)) for row in shown],
            "groups": list(visible.of_one_device()[:_GROUPS]),
            "kept": kept,
            "asks_for_ignored": self.request.GET.get("state") == Discovered.Standing.IGNORED,
        }

    def get_status(self, context: dict[str, Any]) -> int:
        form = context["form"]
        return 400 if form and form.is_bound and form.errors else super().get_status(context)


class DiscoveredListView(VerbFirstMixin, DiscoveredPage):
    """The list; `?accept=` opens the form of a name."""

    permission_required = "ingest.view_discovered"
    query_parameters = ("accept",)

    def accepting(self) -> Discovered | None:
        asked = self.request.GET.get("accept", "")
        if not asked:
            return None
        if not (asked.isascii() and asked.isdigit() and len(asked) <= _LONGEST_ID):
            raise Http404
        visible = Discovered.objects.visible_to(self.request.user)
        return get_object_or_404(visible.select_related("site", "owner"), pk=int(asked))


class AcceptView(NamePageMixin, DiscoveredPage):
    """Accepts a name, once what that does was said as it is in the form."""

    permission_required = "ingest.change_discovered"
    http_method_names = ["get", "head", "post", "options"]

    def accepting(self) -> Discovered | None:
        return self.found

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Lead whoever comes back to the page to the form in the list."""
        return HttpResponseRedirect(self.found.get_absolute_url())

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        form = AcceptForm(request.POST, row=self.found, user=request.user)
        if form.is_valid() and form.is_said():
            try:
                messages.success(request, _accepted(form.save()))
            except Conflict as refusal:
                messages.error(request, refusal.message)
            return HttpResponseRedirect(str(_DISCOVERED))
        self.object_list = self.get_queryset()
        return self.render_to_response(self.get_context_data(form=form))


class DecisionView(NamePageMixin, View):
    """A decision about a name."""

    permission_required = "ingest.change_discovered"
    http_method_names = ["post", "options"]


class IgnoreView(DecisionView):
    """Ignores a name for good."""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        ignore(self.found)
        messages.success(request, f"“{self.found}” is ignored from now on.")
        return HttpResponseRedirect(str(_DISCOVERED))


class TakeBackView(DecisionView):
    """No longer ignores a name."""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        take_back(self.found)
        messages.success(request, f"“{self.found}” waits for a metric again.")
        return HttpResponseRedirect(str(_DISCOVERED))


def _accepted(made: BackFilled) -> str:
    told = f"“{made.alias}” stands for {made.alias.metric}: {made.stored:,} readings were stored."
    return f"{told} {made.refused:,} could not be." if made.refused else told


class AliasListView(VerbFirstMixin, FilteredListView):
    """The aliases that the user sees."""

    queryset = Alias.objects.select_related("site", "owner", "metric__device", "metric__latest")
    filterset_class = AliasFilterSet
    template_name = "aliases/list.html"
    permission_required = "ingest.view_alias"
    section = "discovered"
    title = "Aliases"

    def get_crumbs(self) -> list[tuple[str, str]]:
        return [("Discovered names", str(_DISCOVERED))]


class AliasPageMixin(PageMixin, VisibleObjectsMixin):
    """A page about one alias that the user sees."""

    queryset = Alias.objects.select_related("site", "owner", "metric__device")
    section = "discovered"
    success_url = _ALIASES

    def get_crumbs(self) -> list[tuple[str, str]]:
        return [("Discovered names", str(_DISCOVERED)), ("Aliases", str(_ALIASES))]

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "user": self.request.user}


class AliasAddView(VerbFirstMixin, AliasPageMixin, CreateView):
    """Adds an alias by hand."""

    form_class = AliasAddForm
    template_name = "partials/form_page.html"
    permission_required = "ingest.add_alias"
    title = "Add alias"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(cancel_url=reverse("alias-list"), **kwargs)

    def form_valid(self, form: AliasAddForm) -> HttpResponse:
        try:
            form.save()
        except Conflict as refusal:
            form.add_error("name", refusal.message)
            return self.form_invalid(form)
        messages.success(self.request, _accepted(form.made))
        return HttpResponseRedirect(str(_ALIASES))


class AliasEditView(AliasPageMixin, UpdateView):
    """Changes what an alias stands for."""

    form_class = AliasEditForm
    template_name = "partials/form_page.html"
    permission_required = "ingest.change_alias"

    @cached_property
    def alias_name(self) -> str:
        """The name, as it was before anything was typed."""
        return str(self.object)

    def get_title(self) -> str:
        return f"Edit {self.alias_name}"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(cancel_url=reverse("alias-list"), **kwargs)

    def form_valid(self, form: AliasForm) -> HttpResponse:
        told = "What comes from now on is stored by it; what is stored already stays."
        messages.success(self.request, f"“{form.instance}” was saved. {told}")
        return super().form_valid(form)


class AliasDeleteView(AliasPageMixin, DeleteView):
    """Deletes an alias; readings that were stored under it stay."""

    template_name = "aliases/delete.html"
    permission_required = "ingest.delete_alias"
    title = "Delete alias"

    def get_form_kwargs(self) -> dict[str, Any]:
        kwargs = super().get_form_kwargs()
        del kwargs["user"]
        return kwargs

    def form_valid(self, form: Any) -> HttpResponse:
        messages.success(self.request, f"The alias “{self.object}” was deleted.")
        return super().form_valid(form)

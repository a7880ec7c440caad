"""Pages of Devices: the list, one Device with its Metrics, and adding, editing, deleting."""

from collections.abc import Iterable
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.functional import cached_property
from django.views.generic import CreateView, DeleteView, DetailView, UpdateView

from changes.recent import recent_changes
from devices.filters import DeviceFilterSet
from devices.forms import DeviceAddForm, DeviceEditForm
from devices.models import Device
from energy.access import VisibleObjectsMixin
from energy.errors import HistoryAway
from energy.pages import BelowObjectMixin, FilteredListView, PageMixin, SavingMixin
from history import get_store
from metrics.models import Metric
from sites.models import Site
from subscriptions.models import Subscription
from timeseries.panel import HistoryPageMixin, metric_panel
from timeseries.recent import DeviceRow, device_rows, metric_rows


class DeviceListView(FilteredListView):
    """All Devices that the user sees."""

    queryset = Device.objects.select_related("site")
    filterset_class = DeviceFilterSet
    template_name = "devices/list.html"
    section = "devices"
    title = "Devices"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        context["rows"] = device_rows(context["object_list"], context["now"])
        return context


class DevicePageMixin(PageMixin, VisibleObjectsMixin):
    """A page about one Device that the user sees."""

    queryset = Device.objects.select_related("site")
    section = "devices"
    object: Device

    def get_sites(self) -> Iterable[Site]:
        return [self.object.site]

    def get_crumbs(self) -> list[tuple[str, str]]:
        site = self.object.site
        return [("Sites", reverse("site-list")), (site.name, site.get_absolute_url())]


class DeviceDetailView(HistoryPageMixin, DevicePageMixin, DetailView):
    """A Device's Metrics with their latest values, and the history of one of them."""

    template_name = "devices/detail.html"
    query_parameters = ("metric",)

    def get_title(self) -> str:
        return self.object.name

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        metrics = self.object.metrics.with_latest()
        row = DeviceRow(self.object, metric_rows(metrics, context["now"]))
        shown = self._selected_metric(row)
        panel = metric_panel(shown, self.request, context["zone"], context["now"])
        export_url = panel.export_of(reverse("api:device-export", args=[self.object.pk]))
        return {
            **context,
            "row": row,
            "panel": panel,
            "shown": shown,
            "export_url": export_url,
            "changes": recent_changes(self.request.user, device=self.object),
        }

    def get_faults(self, context: dict[str, Any]) -> list[str]:
        asked, shown = self.request.GET.get("metric"), context["shown"]
        unknown = [f"{self.object} has no such metric."] if asked and asked != shown.key else []
        return [*super().get_faults(context), *unknown]

    def _selected_metric(self, row: DeviceRow) -> Metric:
        """The Metric whose key is in the query string, else the headline."""
        key = self.request.GET.get("metric")
        named = (entry.metric for entry in row.metrics if entry.metric.key == key)
        return next(named, row.headline.metric)  # type: ignore[union-attr]


class DeviceAddView(SavingMixin, PageMixin, CreateView):
    """Adds a Device to a Site that the user sees."""

    form_class = DeviceAddForm
    template_name = "partials/form_page.html"
    permission_required = "devices.add_device"
    section = "sites"
    title = "Add device"

    @cached_property
    def site(self) -> Site:
        visible = Site.objects.visible_to(self.request.user)
        return get_object_or_404(visible, pk=self.kwargs["pk"])

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.user.is_authenticated and self.site:
            self.check_verb()
        return super().dispatch(request, *args, **kwargs)  # type: ignore[return-value]

    def get_form_kwargs(self) -> dict[str, Any]:
        instance = Device(site=self.site)
        return {**super().get_form_kwargs(), "instance": instance, "zone": self.get_zone()}

    def get_sites(self) -> Iterable[Site]:
        return [self.site]

    def get_crumbs(self) -> list[tuple[str, str]]:
        return [("Sites", reverse("site-list")), (self.site.name, self.site.get_absolute_url())]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(cancel_url=self.site.get_absolute_url(), **kwargs)

    def form_valid(self, form: DeviceAddForm) -> HttpResponse:
        response = super().form_valid(form)
        messages.success(self.request, f"“{self.object}” was added to {self.site}.")
        return response


class DeviceEditView(SavingMixin, BelowObjectMixin, DevicePageMixin, UpdateView):
    """Edits a Device, unless somebody else has changed it since the form was opened."""

    form_class = DeviceEditForm
    template_name = "partials/form_page.html"
    permission_required = "devices.change_device"
    title = "Edit device"

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "zone": self.get_zone()}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(cancel_url=self.object.get_absolute_url(), **kwargs)

    def get_queryset(self) -> QuerySet[Device]:
        rows = super().get_queryset()
        return rows.select_for_update(of=("self",)) if self.request.method == "POST" else rows

    def form_valid(self, form: DeviceEditForm) -> HttpResponse:
        messages.success(self.request, f"“{form.instance}” was saved.")
        return super().form_valid(form)


class DeviceDeleteView(BelowObjectMixin, DevicePageMixin, DeleteView):
    """Shows what is deleted together with a Device, then deletes it."""

    template_name = "devices/delete.html"
    permission_required = "devices.delete_device"
    title = "Delete device"

    def get_success_url(self) -> str:
        return self.object.site.get_absolute_url()

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        affected = Subscription.objects.filter(metrics__device=self.object).distinct()
        own = affected.owned_by(self.request.user)
        return super().get_context_data(
            metric_count=self.object.metrics.count(),
            reading_count=self._reading_count(),
            own_subscriptions=own,
            other_subscription_count=affected.count() - own.count(),
            **kwargs,
        )

    def _reading_count(self) -> int | None:
        """How many readings are deleted too; None while the history store is away.

        The Device can be deleted all the same.
        """
        try:
            return get_store().count(list(self.object.metrics.values_list("pk", flat=True)))
        except HistoryAway:
            return None

    def form_valid(self, form: Any) -> HttpResponse:
        name = self.object.name
        response = super().form_valid(form)
        messages.success(self.request, f"“{name}” was deleted with its metrics and history.")
        return response

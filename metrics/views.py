"""The pages of one Metric: its history, and deleting some of it."""

from collections.abc import Iterable
from typing import Any, cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.generic import DetailView, FormView
from django.views.generic.detail import SingleObjectMixin

from accounts.clock import zone_for
from energy.access import VisibleObjectsMixin
from energy.pages import PageMixin
from metrics.forms import WindowForm
from metrics.history import get_store
from metrics.history_panel import HistoryPageMixin, metric_panel
from metrics.instants import from_micros
from metrics.latest import latest_value
from metrics.models import Metric
from metrics.panels import MetricRow
from metrics.services import delete_readings
from metrics.timeseries.windows import Window
from sites.models import Site


class MetricPageMixin(PageMixin, VisibleObjectsMixin):
    """A page about one Metric the user sees."""

    queryset = Metric.objects.with_latest()
    section = "devices"
    object: Metric

    def get_sites(self) -> Iterable[Site]:
        return [self.object.device.site]

    def get_crumbs(self) -> list[tuple[str, str]]:
        device = self.object.device
        return [
            ("Sites", reverse("site-list")),
            (device.site.name, device.site.get_absolute_url()),
            (device.name, device.get_absolute_url()),
        ]


class MetricDetailView(HistoryPageMixin, MetricPageMixin, DetailView):
    """The newest value of a Metric and its history: a large chart, and the values in pages."""

    template_name = "metrics/detail.html"

    def get_title(self) -> str:
        return self.object.name

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        now = context["now"]
        return {
            **context,
            "row": MetricRow(self.object, latest_value(self.object, now)),
            "panel": metric_panel(self.object, self.request, context["zone"], now),
        }


class ReadingsDeleteView(MetricPageMixin, SingleObjectMixin, FormView):
    """Counts the readings of a window, then deletes them."""

    form_class = WindowForm
    template_name = "metrics/readings_delete.html"
    permission_required = "metrics.delete_reading"
    title = "Delete readings"
    http_method_names = ["get", "head", "post", "options"]

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.user.is_authenticated and request.method != "OPTIONS":
            self.object = self.get_object()
        return super().dispatch(request, *args, **kwargs)  # type: ignore[return-value]

    def get_crumbs(self) -> list[tuple[str, str]]:
        return [*super().get_crumbs(), (self.object.name, self.object.get_absolute_url())]

    def get_form_kwargs(self) -> dict[str, Any]:
        asked = {"data": self.request.GET} if "start" in self.request.GET else {}
        zone = zone_for(self.request.user, self.get_sites())
        return {**asked, **super().get_form_kwargs(), "zone": zone}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        window = context["form"].window
        if window is None:
            return context
        count = get_store().count([self.object.pk], *window)
        start, end = map(from_micros, window)
        return {**context, "start": start, "end": end, "count": count}

    def get_status(self, context: dict[str, Any]) -> int:
        return 400 if context["form"].errors else 200

    def get_success_url(self) -> str:
        return self.object.get_absolute_url()

    def form_valid(self, form: WindowForm) -> HttpResponse:
        window = cast("Window", form.window)
        count = delete_readings([self.object], window, actor=self.request.user)
        messages.success(self.request, f"{count:,} readings of “{self.object.name}” were deleted.")
        return super().form_valid(form)

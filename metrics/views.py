"""The pages of one Metric: its latest value and its history, and editing it."""

from collections.abc import Iterable
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse
from django.urls import reverse
from django.views.generic import DetailView, UpdateView

from energy.access import VisibleObjectsMixin
from energy.pages import BelowObjectMixin, PageMixin, SavingMixin
from metrics.forms import MetricForm
from metrics.latest import latest_value
from metrics.models import Metric
from sites.models import Site
from timeseries.panel import HistoryPageMixin, metric_panel
from timeseries.recent import MetricRow


class MetricPageMixin(PageMixin, VisibleObjectsMixin):
    """A page about one Metric that the user sees."""

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
    """The latest value of a Metric and its history, as a chart and as a paginated table."""

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


class MetricEditView(SavingMixin, BelowObjectMixin, MetricPageMixin, UpdateView):
    """Edits a Metric."""

    form_class = MetricForm
    template_name = "partials/form_page.html"
    permission_required = "metrics.change_metric"
    title = "Edit metric"

    def get_object(self, queryset: Any = None) -> Metric:
        metric: Metric = super().get_object(queryset)
        self.object_crumb = (metric.name, metric.get_absolute_url())
        return metric

    def get_queryset(self) -> QuerySet[Metric]:
        rows: QuerySet[Metric] = super().get_queryset()
        return rows.select_for_update(of=("self",)) if self.request.method == "POST" else rows

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(cancel_url=self.object.get_absolute_url(), **kwargs)

    def form_valid(self, form: MetricForm) -> HttpResponse:
        form.confirm(self.request.user)
        messages.success(self.request, f"“{form.instance.name}” was saved.")
        return super().form_valid(form)

"""The page of one Metric."""

from collections.abc import Iterable
from typing import Any

from django.urls import reverse
from django.views.generic import DetailView

from energy.access import VisibleObjectsMixin
from energy.pages import PageMixin
from metrics.history_panel import HistoryPageMixin, metric_panel
from metrics.latest import latest_value
from metrics.models import Metric
from metrics.panels import MetricRow
from sites.models import Site


class MetricDetailView(HistoryPageMixin, PageMixin, VisibleObjectsMixin, DetailView):
    """The newest value of a Metric and its history: a large chart, and the values in pages."""

    queryset = Metric.objects.with_latest()
    template_name = "metrics/detail.html"
    section = "devices"
    object: Metric

    def get_title(self) -> str:
        return self.object.name

    def get_sites(self) -> Iterable[Site]:
        return [self.object.device.site]

    def get_crumbs(self) -> list[tuple[str, str]]:
        device = self.object.device
        return [
            ("Sites", reverse("site-list")),
            (device.site.name, device.site.get_absolute_url()),
            (device.name, device.get_absolute_url()),
        ]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        now = context["now"]
        return {
            **context,
            "row": MetricRow(self.object, latest_value(self.object, now)),
            "panel": metric_panel(self.object, self.request, context["zone"], now),
        }

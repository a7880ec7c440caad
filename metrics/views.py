"""The page of one Metric, with its latest value and its history."""

from collections.abc import Iterable
from typing import Any

from django.urls import reverse
from django.views.generic import DetailView

from energy.access import VisibleObjectsMixin
from energy.pages import PageMixin
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

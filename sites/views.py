"""Pages of Sites: the list, and one Site with its Devices."""

from collections.abc import Iterable
from typing import Any

from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property

from changes.recent import recent_changes
from devices.filters import DeviceFilterSet
from devices.models import Device
from energy.pages import FilteredListView
from figures.balance_panel import EnergyBalance
from figures.cards import common_scale, figure_cards, known_figures, power_rows
from metrics.reporting import with_reporting
from metrics.templatetags.quantities import wants_kilo
from sites.filters import SiteFilterSet
from sites.models import Site
from timeseries.recent import device_rows


class SiteListView(FilteredListView):
    """The Sites that the user sees, with power now and how many Devices report."""

    queryset = Site.objects.all()
    filterset_class = SiteFilterSet
    template_name = "sites/list.html"
    section = "sites"
    title = "Sites"

    def annotated(self, rows: Any) -> Any:
        return with_reporting(rows.with_device_count(), timezone.now())

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        rows = power_rows(context["object_list"], context["now"])
        scale = common_scale(rows, kilo=wants_kilo(self.request.user))
        return {**context, "rows": rows, "scale": scale}


class SiteDetailView(FilteredListView):
    """One Site: its figures, and the list of its Devices."""

    queryset = Device.objects.select_related("site")
    filterset_class = DeviceFilterSet
    template_name = "sites/detail.html"
    section = "sites"
    query_parameters = ("period",)

    @cached_property
    def site(self) -> Site:
        """The Site, annotated with how many Devices report; 404 if the user does not see it."""
        visible = with_reporting(Site.objects.visible_to(self.request.user), timezone.now())
        return get_object_or_404(visible, pk=self.kwargs["pk"])

    def annotated(self, rows: Any) -> Any:
        return rows.filter(site=self.site)

    def get_title(self) -> str:
        return self.site.name

    def get_sites(self) -> Iterable[Site]:
        return [self.site]

    def get_crumbs(self) -> list[tuple[str, str]]:
        return [("Sites", reverse("site-list"))]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        now = context["now"]
        rows = device_rows(context["object_list"], now)
        kilo = wants_kilo(self.request.user)
        today = known_figures(self.site, now)
        return {
            **context,
            "site": self.site,
            "rows": rows,
            "changes": recent_changes(self.request.user, site=self.site),
            "figures": figure_cards(today, kilo=kilo),
            "balance": EnergyBalance(
                self.site, self.request.GET.get("period", ""), now, today=today, kilo=kilo
            ),
        }

    def get_status(self, context: dict[str, Any]) -> int:
        return 400 if context["balance"].error else super().get_status(context)

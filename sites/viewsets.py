"""Sites over HTTP: read-only, they are made in the admin."""

from datetime import datetime
from typing import Any

from django.http import StreamingHttpResponse
from django.urls import reverse
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ReadOnlyModelViewSet

from energy.viewsets import ApiMixin
from metrics.export_schema import export_schema
from metrics.export_views import EXPORT_ACTION, export_response
from metrics.figures import FORMULAS, Figure, read_period, site_figures
from metrics.figures.periods import NOW_AND_TODAY
from metrics.models import Metric
from metrics.timeseries_parameters import read_switch
from sites.filters import SiteFilterSet
from sites.models import Site
from sites.serializers import OverviewSerializer, SiteSerializer

_OVERVIEW = [
    OpenApiParameter(
        "period",
        {
            "type": "string",
            "pattern": r"^(now|today|\d{4}-\d{2}(-\d{2})?)$",
            "examples": ["today", "2026-06-01", "2026-06"],
        },
        description="`now` for powers; `today`, a day or a month of the Site's calendar for "
        "everything else, as far as it has passed. Powers now and energies today unless given.",
    ),
    OpenApiParameter(
        "explain",
        bool,
        default=False,
        description="Say of each figure which Metrics it comes from, by which formula, how much "
        "of it is known and where that is described.",
    ),
]


class SiteViewSet(ApiMixin, ReadOnlyModelViewSet):
    """The Sites you are assigned to."""

    queryset = Site.objects.all()
    serializer_class = SiteSerializer
    filterset_class = SiteFilterSet

    def get_queryset(self) -> Any:
        return super().get_queryset().with_device_count()

    @extend_schema(parameters=_OVERVIEW, responses=OverviewSerializer)
    @action(detail=True, query_parameters=("period", "explain"))
    def overview(self, request: Request, pk: str) -> Response:
        """Power now; energy, where it flowed, autarky and self-consumption of a day or month.

        Computed from latest values and history, resets and gaps considered. Null where less than
        80 % is known, or where there is nothing to divide by.
        """
        return Response(_overview(self.get_object(), request, timezone.now()))

    @export_schema("a Site")
    @action(detail=True, **EXPORT_ACTION)
    def export(self, request: Request, pk: str) -> StreamingHttpResponse:
        """The history of all Metrics of its Devices as a file."""
        site = self.get_object()
        metrics = Metric.objects.visible_to(request.user).filter(device__site=site)
        return export_response(request, list(metrics.select_related("device__site")), site.slug)


def _overview(site: Site, request: Request, now: datetime) -> dict[str, Any]:
    """The figures that the request asks for. Raises DomainError naming the parameter at fault."""
    asked = request.query_params
    period = read_period(asked["period"]) if "period" in asked else NOW_AND_TODAY
    explained = read_switch("explain", asked.get("explain", "false"))
    guide = request.build_absolute_uri(reverse("figure-guide"))
    answer = {}
    for name, figure in site_figures([site], now, period)[site.pk].items():
        answer[name] = _plain(figure)
        if explained:
            answer[name]["explain"] = _explanation(name, figure, guide)
    return answer


def _plain(figure: Figure) -> dict[str, Any]:
    return {
        "value": figure.value,
        "unit": figure.unit,
        "timestamp": figure.timestamp,
        "coverage": figure.coverage,
    }


def _explanation(name: str, figure: Figure, guide: str) -> dict[str, Any]:
    return {
        "inputs": list(figure.inputs),
        "formula": FORMULAS[name],
        "coverage": figure.coverage,
        "documentation": f"{guide}#{name}",
    }

"""The figures of a Site over HTTP."""

from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from figures.figures import Figure, site_figures
from figures.formulas import FORMULAS
from figures.periods import NOW_AND_TODAY, read_period
from figures.serializers import OverviewSerializer
from sites.models import Site
from timeseries.parameters import read_switch

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


class OverviewMixin(GenericViewSet):
    """The action `overview/` of the viewset of Sites."""

    @extend_schema(parameters=_OVERVIEW, responses=OverviewSerializer)
    @action(detail=True, query_parameters=("period", "explain"))
    def overview(self, request: Request, pk: str) -> Response:
        """Power now; energy, where it flowed, autarky and self-consumption of a day or month.

        Computed from latest values and history, resets and gaps considered. Null where less than
        80 % is known, or where there is nothing to divide by.
        """
        return Response(_overview(self.get_object(), request, timezone.now()))


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

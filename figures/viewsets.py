"""The figures of a Site over HTTP."""

from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from figures.figures import Figure, site_figures
from figures.formulas import FORMULAS
from figures.serializers import OverviewParameters, OverviewSerializer
from sites.models import Site


class OverviewMixin(GenericViewSet):
    """The action `overview/` of the viewset of Sites."""

    @extend_schema(parameters=[OverviewParameters], responses=OverviewSerializer)
    @action(detail=True, query_parameters=OverviewParameters.names())
    def overview(self, request: Request, pk: str) -> Response:
        """Power now; energy, where it flowed, autarky and self-consumption of a day or month.

        Computed from latest values and history, resets and gaps considered. Null where less than
        80 % is known, or where there is nothing to divide by.
        """
        return Response(_overview(self.get_object(), request, timezone.now()))


def _overview(site: Site, request: Request, now: datetime) -> dict[str, Any]:
    """The figures asked for. Raises ValidationError or DomainError naming a wrong parameter."""
    parameters = OverviewParameters.read(request)
    guide = request.build_absolute_uri(reverse("figure-guide"))
    answer = {}
    for name, figure in site_figures([site], now, parameters["period"])[site.pk].items():
        answer[name] = _plain(figure)
        if parameters["explain"]:
            answer[name]["explain"] = _explanation(name, figure, guide)
    return answer


def _plain(figure: Figure) -> dict[str, Any]:
    return {
        "value": figure.value,
        "unit": figure.unit,
        "timestamp": figure.timestamp,
        "coverage": figure.coverage,
        "partial": figure.partial,
        "missing": [
            {"device": each.device.pk, "reason": each.reason.value} for each in figure.missing
        ],
    }


def _explanation(name: str, figure: Figure, guide: str) -> dict[str, Any]:
    return {
        "inputs": list(figure.inputs),
        "formula": FORMULAS[name],
        "coverage": figure.coverage,
        "documentation": f"{guide}#{name}",
    }

"""Sites over HTTP: read-only, they are made in the admin."""

from typing import Any

from django.http import StreamingHttpResponse
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ReadOnlyModelViewSet

from energy.viewsets import ApiMixin
from metrics.export_schema import export_schema
from metrics.export_views import EXPORT_ACTION, export_response
from metrics.figures import site_figures
from metrics.models import Metric
from sites.filters import SiteFilterSet
from sites.models import Site
from sites.serializers import OverviewSerializer, SiteSerializer


class SiteViewSet(ApiMixin, ReadOnlyModelViewSet):
    """The Sites you are assigned to."""

    queryset = Site.objects.all()
    serializer_class = SiteSerializer
    filterset_class = SiteFilterSet

    def get_queryset(self) -> Any:
        return super().get_queryset().with_device_count()

    @extend_schema(responses=OverviewSerializer)
    @action(detail=True)
    def overview(self, request: Request, pk: str) -> Response:
        """Power now, energy today, autarky and self-consumption."""
        site = self.get_object()
        return Response(site_figures([site], timezone.now())[site.pk])

    @export_schema("a Site")
    @action(detail=True, **EXPORT_ACTION)
    def export(self, request: Request, pk: str) -> StreamingHttpResponse:
        """The history of all Metrics of its Devices as a file."""
        site = self.get_object()
        metrics = Metric.objects.visible_to(request.user).filter(device__site=site)
        return export_response(request, list(metrics.select_related("device__site")), site.slug)

"""The API of Sites, which is read-only: Sites are created in the admin."""

from typing import Any

from django.http import StreamingHttpResponse
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.viewsets import ReadOnlyModelViewSet

from energy.viewsets import ApiMixin
from export.schema import export_schema
from export.views import EXPORT_ACTION, export_response
from figures.viewsets import OverviewMixin
from metrics.models import Metric
from sites.filters import SiteFilterSet
from sites.models import Site
from sites.serializers import SiteSerializer


class SiteViewSet(OverviewMixin, ApiMixin, ReadOnlyModelViewSet):
    """The Sites you are assigned to."""

    queryset = Site.objects.all()
    serializer_class = SiteSerializer
    filterset_class = SiteFilterSet

    def get_queryset(self) -> Any:
        return super().get_queryset().with_device_count()

    @export_schema("a Site")
    @action(detail=True, **EXPORT_ACTION)
    def export(self, request: Request, pk: str) -> StreamingHttpResponse:
        """The history of all Metrics of its Devices as a file."""
        site = self.get_object()
        metrics = Metric.objects.visible_to(request.user).filter(device__site=site)
        return export_response(request, list(metrics.select_related("device__site")), site.slug)

"""The API of Sites, which is read-only: Sites are created in the admin."""

from typing import Any

from rest_framework.viewsets import ReadOnlyModelViewSet

from energy.viewsets import ApiMixin
from export.viewsets import ExportMixin
from figures.viewsets import OverviewMixin
from live.viewsets import StreamMixin
from metrics.models import Metric
from sites.filters import SiteFilterSet
from sites.models import Site
from sites.serializers import SiteSerializer


class SiteViewSet(OverviewMixin, StreamMixin, ExportMixin, ApiMixin, ReadOnlyModelViewSet):
    """The Sites you are assigned to."""

    queryset = Site.objects.all()
    serializer_class = SiteSerializer
    filterset_class = SiteFilterSet

    def get_queryset(self) -> Any:
        return super().get_queryset().with_device_count()

    def exported_metrics(self, instance: Site) -> Any:
        metrics = Metric.objects.visible_to(self.request.user).filter(device__site=instance)
        return metrics.select_related("device__site")

"""Sites over HTTP: read-only, they are made in the admin."""

from typing import Any

from rest_framework.viewsets import ReadOnlyModelViewSet

from energy.viewsets import ApiMixin
from sites.filters import SiteFilterSet
from sites.models import Site
from sites.serializers import SiteSerializer


class SiteViewSet(ApiMixin, ReadOnlyModelViewSet):
    """The Sites you are assigned to."""

    queryset = Site.objects.all()
    serializer_class = SiteSerializer
    filterset_class = SiteFilterSet

    def get_queryset(self) -> Any:
        return super().get_queryset().with_device_count()

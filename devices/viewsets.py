"""The API of Devices."""

from typing import Any

from django.http import StreamingHttpResponse
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.viewsets import ModelViewSet

from devices.filters import DeviceFilterSet
from devices.models import Device
from devices.serializers import WITH_METRICS, DeviceCreateSerializer, DeviceSerializer
from energy.viewsets import ApiMixin
from export.schema import export_schema
from export.views import EXPORT_ACTION, export_response


@extend_schema_view(create=extend_schema(responses={201: DeviceSerializer}))
class DeviceViewSet(ApiMixin, ModelViewSet):
    """The Devices of the Sites you see, with their Metrics."""

    queryset = Device.objects.prefetch_related(WITH_METRICS)
    serializer_class = DeviceSerializer
    filterset_class = DeviceFilterSet

    def get_serializer_class(self) -> Any:
        return DeviceCreateSerializer if self.action == "create" else DeviceSerializer

    @export_schema("a Device")
    @action(detail=True, **EXPORT_ACTION)
    def export(self, request: Request, pk: str) -> StreamingHttpResponse:
        """The history of all its Metrics as a file."""
        device = self.get_object()
        metrics = device.metrics.select_related("device__site")
        return export_response(request, list(metrics), device.slug)

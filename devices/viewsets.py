"""The API of Devices."""

from typing import Any

from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.viewsets import ModelViewSet

from devices.filters import DeviceFilterSet
from devices.models import Device
from devices.serializers import WITH_METRICS, DeviceCreateSerializer, DeviceSerializer
from energy.viewsets import ApiMixin
from export.viewsets import ExportMixin
from live.viewsets import StreamMixin


@extend_schema_view(create=extend_schema(responses={201: DeviceSerializer}))
class DeviceViewSet(StreamMixin, ExportMixin, ApiMixin, ModelViewSet):
    """The Devices of the Sites you see, with their Metrics."""

    queryset = Device.objects.prefetch_related(WITH_METRICS)
    serializer_class = DeviceSerializer
    filterset_class = DeviceFilterSet

    def get_serializer_class(self) -> Any:
        return DeviceCreateSerializer if self.action == "create" else DeviceSerializer

    def exported_metrics(self, instance: Device) -> Any:
        return instance.metrics.select_related("device__site")

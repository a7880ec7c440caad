"""Devices over HTTP."""

from typing import Any

from django.db.models import Prefetch
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.viewsets import ModelViewSet

from devices.filters import DeviceFilterSet
from devices.models import Device
from devices.serializers import DeviceCreateSerializer, DeviceSerializer
from energy.viewsets import ApiMixin
from metrics.models import Metric

_METRICS = Metric.objects.select_related("latest")


@extend_schema_view(create=extend_schema(responses={201: DeviceSerializer}))
class DeviceViewSet(ApiMixin, ModelViewSet):
    """The Devices of the Sites you see, with their Metrics."""

    queryset = Device.objects.prefetch_related(Prefetch("metrics", _METRICS))
    serializer_class = DeviceSerializer
    filterset_class = DeviceFilterSet

    def get_serializer_class(self) -> Any:
        return DeviceCreateSerializer if self.action == "create" else DeviceSerializer

"""Devices in the API."""

from copy import copy
from typing import Any

from django.db.models import Prefetch, prefetch_related_objects
from drf_spectacular.utils import OpenApiExample, extend_schema_serializer

from devices.models import Device
from energy.serializers import AddressField, StrictModelSerializer
from metrics.models import Metric
from metrics.serializers import MetricSerializer, NamedMetricSerializer, named_metrics

MAX_METRICS = 200  # at creation; any number can be added afterwards
# DeviceSerializer needs the prefetched list, because Django would build a queryset a Device.
WITH_METRICS = Prefetch("metrics", Metric.objects.select_related("latest"), "fetched_metrics")

_SERVICE = {"status", "in_service_from", "retired_at"}


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "Out of service",
            request_only=True,
            value={
                "site": 1,
                "name": "Roof east",
                "kind": "pv_array",
                "status": "maintenance",
                "notes": "Hail damage in string 3.",
            },
        )
    ]
)
class DeviceSerializer(StrictModelSerializer):
    """A Device with its Metrics, which are changed at their own addresses."""

    url = AddressField(view_name="api:device-detail")
    metrics = MetricSerializer(many=True, read_only=True, source="fetched_metrics")

    class Meta:
        model = Device
        fields = (
            "id",
            "url",
            "site",
            "name",
            "slug",
            "kind",
            "status",
            "in_service_from",
            "retired_at",
            "manufacturer",
            "model",
            "serial_number",
            "rated_power",
            "notes",
            "metrics",
            "created_at",
            "updated_at",
        )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        row = copy(self.instance) if self.instance else Device()
        for name in _SERVICE.intersection(attrs):
            setattr(row, name, attrs[name])
        row.clean()
        return super().validate(attrs)


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "With its kind's headline Metric",
            request_only=True,
            value={"site": 1, "name": "Roof east", "kind": "pv_array", "rated_power": 9900},
        ),
        OpenApiExample(
            "With Metrics of its own",
            request_only=True,
            value={
                "site": 1,
                "name": "Pump house",
                "kind": "heat_pump",
                "metrics": [
                    {"key": "active_power"},
                    {"key": "flow", "name": "Flow", "unit": "l/h", "expected_interval": 300},
                ],
            },
        ),
    ]
)
class DeviceCreateSerializer(DeviceSerializer):
    """A new Device with the Metrics given, or else the headline of its kind."""

    metrics = NamedMetricSerializer(  # type: ignore[call-arg,assignment]  # It makes a list of them.
        many=True, required=False, max_length=MAX_METRICS
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        attrs["metrics"] = named_metrics(attrs["kind"], attrs.get("metrics", []))
        return super().validate(attrs)

    def create(self, validated_data: dict[str, Any]) -> Device:
        specs = validated_data.pop("metrics")
        device = Device(**validated_data)
        device.named_metrics = specs
        device.save()
        return device

    def to_representation(self, instance: Device) -> Any:
        prefetch_related_objects([instance], WITH_METRICS)
        return DeviceSerializer(context=self.context).to_representation(instance)

"""Names from outside in the API."""

import sys
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from drf_spectacular.utils import OpenApiExample, extend_schema_field, extend_schema_serializer
from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from accounts.models import User
from devices.models import Device
from energy.serializers import (
    NumberField,
    StrictModelSerializer,
    StrictSerializer,
    TextField,
    VisibleKeyField,
    WholeNumberField,
)
from ingest.models import Alias, Discovered
from ingest.names import ExternalName
from ingest.naming.services import BackFilled, accept, check_metric, make_alias
from metrics.models import Metric
from metrics.serializers import MetricSerializer
from metrics.vocabulary import MetricType, canonical

_FACTOR: dict[str, Any] = {
    "min_value": sys.float_info.min,
    "error_messages": {"min_value": "A factor is greater than 0; `sign` turns a value round."},
}
_ONE_OF = "Give either `metric`, or `device` and `key`."


class SignField(WholeNumberField):
    """1, or -1 where values are turned round."""

    default_error_messages = {"sign": "Either 1 or -1."}

    def to_internal_value(self, data: Any) -> int:
        sign = super().to_internal_value(data)
        if sign not in Alias.Sign.values:
            self.fail("sign")
        return sign


SIGN = extend_schema_field({"type": "integer", "enum": [1, -1], "default": 1})(SignField)


class NewestSerializer(serializers.Serializer):
    """The newest reading by when it was measured; null where none came yet."""

    value = serializers.FloatField(source="latest_value", allow_null=True)
    timestamp = serializers.DateTimeField(source="latest_at", allow_null=True)


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "Home Assistant's solar power",
            response_only=True,
            value={
                "id": 41,
                "source": "Home Assistant, depot",
                "site": 1,
                "owner": None,
                "name": "sensor.solar_power/value",
                "unit": "W",
                "type": "gauge",
                "friendly_name": "Solar power",
                "device_name": "",
                "count": 8640,
                "waiting": 8640,
                "dropped": 0,
                "interval": 10.0,
                "first_seen": "2026-06-01T12:00:00Z",
                "last_seen": "2026-06-02T11:59:50Z",
                "latest": {"value": 2412.0, "timestamp": "2026-06-02T11:59:50Z"},
                "state": "waiting",
            },
        )
    ]
)
class DiscoveredSerializer(serializers.ModelSerializer):
    """A name from outside that nothing maps. Unit, type and names are guesses, or empty."""

    latest = NewestSerializer(source="*", read_only=True)
    interval = serializers.FloatField(
        allow_null=True, read_only=True, help_text="Seconds between readings, on average."
    )
    state = serializers.ChoiceField(choices=Discovered.Standing.choices, read_only=True)
    first_seen = serializers.DateTimeField(read_only=True)
    last_seen = serializers.DateTimeField(read_only=True)

    class Meta:
        model = Discovered
        fields = (
            "id",
            "source",
            "site",
            "owner",
            "name",
            "unit",
            "type",
            "friendly_name",
            "device_name",
            "count",
            "waiting",
            "dropped",
            "interval",
            "first_seen",
            "last_seen",
            "latest",
            "state",
        )
        read_only_fields = fields


@extend_schema_serializer(
    examples=[
        OpenApiExample("To a Metric that exists", request_only=True, value={"metric": 12}),
        OpenApiExample(
            "To a new Metric of a Device, from kW",
            request_only=True,
            value={"device": 3, "key": "active_power", "unit": "W", "factor": 1000},
        ),
    ]
)
class AcceptSerializer(StrictSerializer):
    """Which Metric a name stands for: one that exists, or a new one of a Device.

    What is not said of a new Metric is guessed from the name: its unit, type and name.
    """

    metric = VisibleKeyField(queryset=Metric.objects.all(), required=False)
    device = VisibleKeyField(queryset=Device.objects.all(), required=False)
    key = TextField(max_length=64, required=False)
    name = TextField(max_length=120, required=False)
    unit = TextField(max_length=16, required=False)
    type = serializers.ChoiceField(choices=MetricType.choices, required=False)
    factor = NumberField(
        required=False,
        help_text="What each value is multiplied by. By default what leads from the unit of the "
        "name to the Metric's, which is 1 where they are the same or not known.",
        **_FACTOR,
    )
    sign = SIGN(default=1)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        described = attrs.keys() & {"device", "key", "name", "unit", "type"}
        if "metric" in attrs and described:
            raise ValidationError({name: [_ONE_OF] for name in sorted(described)}, "contradiction")
        if "metric" not in attrs:
            missing = [name for name in ("device", "key") if name not in attrs]
            if missing:
                raise ValidationError({name: [_ONE_OF] for name in missing}, "required")
            attrs["metric"] = self._new_metric(attrs)
        return attrs

    def _new_metric(self, attrs: dict[str, Any]) -> MetricSerializer:
        """The serializer of a Metric that is to be made, checked; 403 for who may add none."""
        if not self.context["request"].user.has_perm("metrics.add_metric"):
            raise PermissionDenied
        row: Discovered = self.context["discovered"]
        guessed = {"unit": row.unit}
        if canonical(attrs["key"]) is None:
            guessed |= {"type": row.type, "name": row.friendly_name}
        said = {name: attrs[name] for name in ("key", "name", "unit", "type") if name in attrs}
        told = {name: text for name, text in guessed.items() if text} | said
        serializer = MetricSerializer(
            data={**told, "device": attrs["device"].pk}, context=self.context
        )
        serializer.is_valid(raise_exception=True)
        return serializer

    @transaction.atomic
    def save(self, **kwargs: Any) -> BackFilled:
        """Make the Metric, if it is new, and the alias, and store what waited."""
        told: dict[str, Any] = self.validated_data
        metric = told["metric"]
        made = metric.save() if isinstance(metric, MetricSerializer) else metric
        return accept(
            self.context["discovered"],
            made,
            self.context["request"].user,
            factor=told.get("factor"),
            sign=told["sign"],
        )


class AcceptedNameSerializer(serializers.Serializer):
    """What came of accepting a name."""

    alias = serializers.IntegerField(source="alias.pk", help_text="Its id.")
    metric = serializers.IntegerField(source="alias.metric_id", help_text="Its id.")
    stored = serializers.IntegerField(
        min_value=0, help_text="Readings that waited and were stored."
    )
    refused = serializers.IntegerField(
        min_value=0, help_text="Readings that waited and that the factor made infinite."
    )


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "A battery whose gateway counts charging as positive, in kW",
            request_only=True,
            value={
                "source": "mqtt-gateway",
                "site": 1,
                "name": "N/48e7da/system/0/Dc/Battery/Power",
                "metric": 12,
                "factor": 1000,
                "sign": -1,
            },
        )
    ]
)
class AliasSerializer(StrictModelSerializer):
    """Which Metric a name from outside stands for; the value is stored × factor × sign.

    It belongs to a Site or, without one, to you; administrators may give `owner` null for names
    that the operator's own processes use, such as those from MQTT. Source, Site, owner and name
    stay as they are.
    """

    # Named here, because the framework would take one that is left out for null.
    owner = VisibleKeyField(queryset=User.objects.all(), required=False, allow_null=True)
    factor = NumberField(
        default=1.0, help_text=Alias._meta.get_field("factor").help_text, **_FACTOR
    )
    sign = SIGN(default=1)

    class Meta:
        model = Alias
        fields = ("id", "source", "site", "owner", "name", "metric", "factor", "sign")
        extra_kwargs = {"source": {"default": ""}, "site": {"default": None}}

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if self.instance is None:
            return self._belonging(attrs)
        for field in ("source", "site", "owner", "name"):
            if field in attrs and attrs[field] != getattr(self.instance, field):
                message = "It stays as it is: make another alias."
                raise ValidationError({field: [message]}, code="immutable")
        return attrs

    def validate_name(self, name: str) -> str:
        if not ExternalName(name).is_valid:
            raise ValidationError("A name is printable.", code="invalid_name")
        return name

    def _belonging(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """With whose the name is."""
        user = self.context["request"].user
        if attrs["site"] is not None:
            allowed = [None]
        else:
            allowed = [user, None] if user.is_superuser else [user]
        owner = attrs.setdefault("owner", allowed[0])
        if owner not in allowed:
            raise ValidationError({"owner": ["It cannot be theirs."]}, code="not_allowed")
        return attrs

    def create(self, validated_data: dict[str, Any]) -> Alias:
        """Create it, and store what waited under its name."""
        return make_alias(Alias(**validated_data), self.context["request"].user).alias

    @transaction.atomic
    def update(self, instance: Alias, validated_data: dict[str, Any]) -> Alias:
        """Change it. Readings that are stored already stay as they are."""
        alias: Alias = super().update(instance, validated_data)
        check_metric(alias, self.context["request"].user)
        return alias

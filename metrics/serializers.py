"""Metrics and their latest values in the API."""

from typing import Any, ClassVar

from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError

from energy.serializers import AddressField, FlagField, StrictModelSerializer
from metrics.definitions import Definition
from metrics.freshness import Freshness
from metrics.latest import latest_value
from metrics.models import Metric
from metrics.vocabulary import MetricSpec, describe

_LATEST = {
    "value": 1480.5,
    "timestamp": "2026-06-01T12:00:00Z",
    "received_at": "2026-06-01T12:00:01.250000Z",
    "unit": "W",
    "age_seconds": 42.0,
    "state": "live",
}


@extend_schema_serializer(examples=[OpenApiExample("Live", response_only=True, value=_LATEST)])
class LatestSerializer(serializers.Serializer):
    """The newest reading of a Metric; value, times and age are null when there is none."""

    value = serializers.FloatField(allow_null=True)
    timestamp = serializers.DateTimeField(allow_null=True)
    received_at = serializers.DateTimeField(allow_null=True)
    unit = serializers.CharField()
    age_seconds = serializers.FloatField(allow_null=True, min_value=0)
    state = serializers.ChoiceField(choices=[(state.value, state.name) for state in Freshness])
    clock_ahead_until = serializers.DateTimeField(
        required=False,
        help_text="Only while the Device's clock has dated readings up to a time still to come.",
    )

    def to_representation(self, instance: Metric) -> Any:
        return latest_value(instance, timezone.now())


class MetricLatestSerializer(LatestSerializer):
    """The newest reading of one of several Metrics."""

    metric = serializers.IntegerField()


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "One Metric", response_only=True, value={"results": [{**_LATEST, "metric": 12}]}
        )
    ]
)
class LatestListSerializer(serializers.Serializer):
    """The newest readings of several Metrics."""

    results = MetricLatestSerializer(many=True)


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "Known to the vocabulary",
            request_only=True,
            value={"device": 3, "key": "consumption_energy"},
        ),
        OpenApiExample(
            "Described in full",
            request_only=True,
            value={
                "device": 3,
                "key": "flow",
                "name": "Flow",
                "unit": "l/h",
                "type": "gauge",
                "expected_interval": 300,
            },
        ),
        OpenApiExample(
            "A counter of 16 bits",
            request_only=True,
            value={"device": 3, "key": "pulses", "type": "counter", "rollover": 65536},
        ),
    ]
)
class MetricSerializer(StrictModelSerializer):
    """A Metric of a Device, with its latest value. Its Device cannot be changed."""

    url = AddressField(view_name="api:metric-detail")
    site = serializers.IntegerField(source="device.site_id", read_only=True)
    latest = LatestSerializer(source="*", read_only=True)
    relabel_history = FlagField(
        write_only=True,
        required=False,
        help_text="Change key, unit or type, or the `expected_interval` of a Metric of type "
        "`interval`, although there are readings, to put a wrong label right: no stored number "
        "changes.",
    )

    class Meta:
        model = Metric
        fields = (
            "id",
            "url",
            "device",
            "site",
            "key",
            "name",
            "unit",
            "type",
            "expected_interval",
            "rollover",
            "latest",
            "relabel_history",
        )
        extra_kwargs: ClassVar[Any] = {
            **{name: {"required": False} for name in ("name", "unit", "type")},
            # The least float above 0 would be told as such a number.
            "rollover": {"error_messages": {"min_value": "A register wraps at a value above 0."}},
        }

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if self.instance and attrs.get("device", self.instance.device) != self.instance.device:
            message = "A Metric stays with its Device."
            raise ValidationError({"device": [message]}, code="immutable")
        if not self.instance:
            attrs = {**describe(attrs["device"].kind, attrs["key"])._asdict(), **attrs}
        self._check_definition(attrs)
        return super().validate(attrs)

    def create(self, validated_data: dict[str, Any]) -> Metric:
        """Create a Metric, which has no readings yet."""
        validated_data.pop("relabel_history", None)
        return super().create(validated_data)

    def update(self, instance: Metric, validated_data: dict[str, Any]) -> Metric:
        """Change what was sent; relabelling readings without having asked for it is a 409."""
        if validated_data.pop("relabel_history", False):
            instance.relabelled_by = self.context["request"].user
        return super().update(instance, validated_data)

    def _check_definition(self, attrs: dict[str, Any]) -> None:
        """Refuse one that contradicts itself; one that is stored already is not judged again."""
        stored = Definition.of(self.instance) if self.instance else None
        known = stored._asdict() if stored else {}
        definition = Definition(
            **known | {name: attrs[name] for name in Definition._fields if name in attrs}
        )
        if definition != stored and (errors := definition_errors(definition)):
            raise ValidationError(errors)


def definition_errors(definition: Definition) -> dict[str, list[ErrorDetail]]:
    """What is wrong with a definition, by field."""
    return {
        fault.field: [ErrorDetail(fault.message, code=fault.code)] for fault in definition.faults()
    }


class NamedMetricSerializer(StrictModelSerializer):
    """A Metric to create together with its Device."""

    class Meta:
        model = Metric
        fields = ("key", "name", "unit", "type", "expected_interval", "rollover")
        extra_kwargs = MetricSerializer.Meta.extra_kwargs


def named_metrics(kind: str, rows: list[dict[str, Any]]) -> list[MetricSpec] | None:
    """The Metrics that a new Device of `kind` is created with; without rows None, the headline.

    Raises ValidationError for a key that is repeated, and for a definition that contradicts itself.
    """
    keys = [row["key"] for row in rows]
    repeated = [index for index, key in enumerate(keys) if key in keys[:index]]
    if repeated:
        error = ErrorDetail("This key is already in the list.", code="unique")
        raise ValidationError({"metrics": {index: {"key": [error]} for index in repeated}})
    specs = [describe(kind, row["key"])._replace(**row) for row in rows]
    faulty = {index: definition_errors(Definition.of(spec)) for index, spec in enumerate(specs)}
    errors: Any = {index: fields for index, fields in faulty.items() if fields}
    if errors:
        raise ValidationError({"metrics": errors})
    return specs or None

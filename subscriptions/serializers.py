"""Subscriptions in the API."""

from typing import Any

from django.db import transaction
from drf_spectacular.utils import OpenApiExample, extend_schema_field, extend_schema_serializer
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError

from energy.serializers import MAX_ID, AddressField, StrictModelSerializer, whole_number
from metrics.models import Metric
from subscriptions.models import Subscription

MAX_METRICS = 1_000


@extend_schema_field(
    {"type": "array", "items": {"type": "integer"}, "maxItems": MAX_METRICS, "default": []}
)
class VisibleMetricsField(serializers.Field):
    """Metric ids. In a request all have to be visible; a response has the visible ones only."""

    default_error_messages = {
        "not_a_list": "Expected a list of Metric ids.",
        "too_many": f"At most {MAX_METRICS:,} Metrics.",
    }

    def to_internal_value(self, data: Any) -> list[Metric]:
        if not isinstance(data, list):
            self.fail("not_a_list")
        if len(data) > MAX_METRICS:
            self.fail("too_many")
        ids = [whole_number(item) for item in data]
        valid = [number for number in ids if number is not None and 0 < number <= MAX_ID]
        user = self.context["request"].user
        visible = {metric.pk: metric for metric in Metric.objects.visible_to(user).among(valid)}
        unknown = [item for item, number in zip(data, ids, strict=True) if number not in visible]
        if unknown:
            raise ValidationError([_unknown_metric(item) for item in unknown])
        return list(visible.values())

    def get_attribute(self, instance: Subscription) -> list[Metric]:
        return instance.visible_metrics

    def to_representation(self, value: list[Metric]) -> list[int]:
        return [metric.pk for metric in value]


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "Power of two Sites",
            request_only=True,
            value={"name": "All power", "description": "", "metrics": [12, 57]},
        )
    ]
)
class SubscriptionSerializer(StrictModelSerializer):
    """A saved set of Metrics across Sites and Devices, which only its owner sees."""

    url = AddressField(view_name="api:subscription-detail")
    metrics = VisibleMetricsField(required=False)

    class Meta:
        model = Subscription
        fields = ("id", "url", "name", "description", "metrics", "created_at", "updated_at")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Set the owner, within whose Subscriptions the name is unique."""
        return super().validate({**attrs, "owner": self.context["request"].user})

    def update(self, instance: Subscription, validated_data: dict[str, Any]) -> Subscription:
        """Update, but keep Metrics that the user may no longer see and could not have sent."""
        if "metrics" in validated_data:
            visible = Metric.objects.visible_to(self.context["request"].user)
            validated_data["metrics"] += instance.metrics.exclude(pk__in=visible)
        return super().update(instance, validated_data)

    @transaction.atomic
    def save(self, **kwargs: Any) -> Subscription:
        """Save the Subscription and its Metrics together."""
        return super().save(**kwargs)


def _unknown_metric(item: Any) -> ErrorDetail:
    return ErrorDetail(f"Unknown Metric: {str(item)[:40]}.", code="does_not_exist")

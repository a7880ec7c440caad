"""How answers of `timeseries/` are described in the OpenAPI document."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from metrics.vocabulary import MetricType
from timeseries.queries import CHOICES
from timeseries.summaries import AGGREGATES

_NUMBERS: dict[str, Any] = {"items": {"type": ["number", "null"], "format": "double"}}
_INSTANT: dict[str, Any] = {"type": ["string", "integer"]}


@extend_schema_field(_INSTANT)
class InstantField(serializers.Field):
    """RFC 3339, or milliseconds with `time_format=ms`."""


@extend_schema_field({"type": ["array", "null"], "items": _INSTANT})
class InstantsField(serializers.Field):
    """Instants, one a value."""


@extend_schema_field({"type": "array", **_NUMBERS})
class NumbersField(serializers.Field):
    """Numbers, null where nothing is known."""


@extend_schema_field({"type": ["array", "null"], **_NUMBERS})
class CoverageField(serializers.Field):
    """Share of each bucket for which readings exist, 0 to 1; null for raw readings."""


@extend_schema_field(
    {
        "type": "object",
        "additionalProperties": {"type": "array", **_NUMBERS},
        "examples": [{"3": [600, 900], "7": [300, 0]}],
    }
)
class StatesField(serializers.Field):
    """With `aggregate=duration`: by state, the seconds spent in it in each bucket."""


class SeriesSerializer(serializers.Serializer):
    """The history of one Metric; `values` align with the timestamps."""

    metric = serializers.IntegerField()
    key = serializers.CharField()
    name = serializers.CharField()
    unit = serializers.CharField()
    type = serializers.ChoiceField(choices=MetricType.choices)
    device = serializers.IntegerField()
    site = serializers.IntegerField()
    aggregate = serializers.ChoiceField(choices=AGGREGATES, allow_null=True)
    values = NumbersField()
    coverage = CoverageField()
    min = NumbersField(required=False)
    max = NumbersField(required=False)
    timestamps = InstantsField(required=False)
    states = StatesField(required=False)


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "Two hours of power",
            response_only=True,
            value={
                "start": "2026-06-01T10:00:00Z",
                "end": "2026-06-01T12:00:00Z",
                "resolution": "1h",
                "aggregate": "mean",
                "time_zone": "Europe/Amsterdam",
                "truncated": False,
                "next_cursor": None,
                "timestamps": ["2026-06-01T10:00:00Z", "2026-06-01T11:00:00Z"],
                "series": [
                    {
                        "metric": 12,
                        "key": "active_power",
                        "name": "Active power",
                        "unit": "W",
                        "type": "gauge",
                        "device": 3,
                        "site": 1,
                        "aggregate": "mean",
                        "values": [1480.2, None],
                        "coverage": [1.0, 0.0],
                    }
                ],
            },
        )
    ]
)
class TimeSeriesSerializer(serializers.Serializer):
    """History; the outer `timestamps` are null with raw readings, where each series has its own."""

    start = InstantField()
    end = InstantField()
    resolution = serializers.ChoiceField(choices=CHOICES["resolution"][1:])
    aggregate = serializers.ChoiceField(
        choices=AGGREGATES, allow_null=True, help_text="Null where the series' own differ."
    )
    time_zone = serializers.CharField()
    truncated = serializers.BooleanField(help_text="Go on with `next_cursor`.")
    next_cursor = serializers.CharField(allow_null=True)
    timestamps = InstantsField()
    series = SeriesSerializer(many=True)

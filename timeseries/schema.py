"""How answers of `timeseries/` are described in the OpenAPI document."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from metrics.vocabulary import MetricType
from timeseries.queries import CHOICES
from timeseries.summaries import AGGREGATES

_NUMBERS: dict[str, Any] = {
    "type": "array",
    "items": {"type": ["number", "null"], "format": "double"},
}
_INSTANT: dict[str, Any] = {"type": ["string", "integer"]}
_INSTANTS: dict[str, Any] = {"type": ["array", "null"], "items": _INSTANT}
_STATES: dict[str, Any] = {
    "type": "object",
    "additionalProperties": _NUMBERS,
    "examples": [{"3": [600, 900], "7": [300, 0]}],
}


class DescribedField(serializers.Field):
    """A field that is only described, by a JSON schema: answers are written without serializers."""

    def __init__(self, schema: dict[str, Any], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        extend_schema_field(schema)(self)  # type: ignore[type-var]


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
    values = DescribedField(_NUMBERS)
    coverage = DescribedField({**_NUMBERS, "type": ["array", "null"]})
    min = DescribedField(_NUMBERS, required=False)
    max = DescribedField(_NUMBERS, required=False)
    timestamps = DescribedField(_INSTANTS, required=False)
    states = DescribedField(_STATES, required=False)


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

    start = DescribedField(_INSTANT)
    end = DescribedField(_INSTANT)
    resolution = serializers.ChoiceField(choices=CHOICES["resolution"][1:])
    aggregate = serializers.ChoiceField(
        choices=AGGREGATES, allow_null=True, help_text="Null where the series' own differ."
    )
    time_zone = serializers.CharField()
    truncated = serializers.BooleanField(help_text="Go on with `next_cursor`.")
    next_cursor = serializers.CharField(allow_null=True)
    timestamps = DescribedField(_INSTANTS)
    series = SeriesSerializer(many=True)

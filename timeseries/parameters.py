"""The query parameters of `timeseries/`."""

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request

from energy.parameters import MomentField, Parameters, SwitchField, WordField
from timeseries.queries import CHOICES, MAX_POINTS, TimeSeriesQuery

_MOST_DIGITS = 9


@extend_schema_field({"type": "integer", "minimum": 1, "maximum": MAX_POINTS})
class PointsField(serializers.Field):
    """A whole number."""

    default_error_messages = {"invalid": f"A whole number up to {MAX_POINTS:,}."}

    def to_internal_value(self, data: str) -> int:
        if not (data.isascii() and data.isdigit() and len(data) <= _MOST_DIGITS):
            self.fail("invalid")
        return int(data)


class HistoryParameters(Parameters):
    """Which part of history is asked for, and how it is answered."""

    start = MomentField(
        required=False,
        help_text="Start of the window, inclusive: RFC 3339, or a date for midnight in "
        "`time_zone`. 24 h before the end unless given.",
    )
    end = MomentField(required=False, help_text="End of the window, exclusive; now unless given.")
    resolution = WordField(
        CHOICES["resolution"],
        default=TimeSeriesQuery.resolution,
        help_text="Length of the buckets; `auto` is the finest that fits `max_points`, `raw` is "
        "the readings themselves.",
    )
    aggregate = WordField(
        CHOICES["aggregate"],
        required=False,
        help_text="What is made of a bucket; mean, increase or last by the Metric's type. "
        "`duration`, of a state only: `states` has the seconds spent in each (at most 32 "
        "different ones), `values` the seconds for which one is known.",
    )
    envelope = SwitchField(
        default=TimeSeriesQuery.envelope, help_text="Add `min` and `max` beside `values`."
    )
    time_zone = WordField(
        required=False,
        help_text="IANA name for buckets of a day and longer; the Site's unless given, yours "
        "where Sites differ.",
    )
    max_points = PointsField(
        default=TimeSeriesQuery.max_points, help_text="Points a series that `auto` may use."
    )
    fill = WordField(
        CHOICES["fill"],
        default=TimeSeriesQuery.fill,
        help_text="What stands in empty buckets; `none` leaves them out.",
    )
    cursor = WordField(
        required=False,
        help_text="`next_cursor` of the answer before, to go on with raw readings.",
    )
    time_format = WordField(
        CHOICES["time_format"],
        default=TimeSeriesQuery.time_format,
        help_text="RFC 3339, or milliseconds since the Unix epoch.",
    )


def read_query(request: Request) -> TimeSeriesQuery:
    """What the request asks of history, with the user's own time zone behind the Site's.

    Raises ValidationError or DomainError, which name the parameter at fault.
    """
    values = HistoryParameters.read(request)
    return TimeSeriesQuery(**values, own_time_zone=request.user.time_zone)  # type: ignore[union-attr]

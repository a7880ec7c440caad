"""The query parameters of `timeseries/`, read and described."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import msgspec
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request

from energy.errors import DomainError
from timeseries.queries import CHOICES, DEFAULT_POINTS, MAX_POINTS, TimeSeriesQuery

_MOST_DIGITS = 9
_SWITCH = {"true": True, "false": False}


def read_query(request: Request) -> TimeSeriesQuery:
    """What the request asks of history, with the user's own time zone behind the Site's.

    Raises DomainError naming the parameter at fault.
    """
    asked = {
        name: read(name, request.query_params[name])
        for name, read in _READERS.items()
        if name in request.query_params
    }
    return TimeSeriesQuery(**asked, own_time_zone=request.user.time_zone)  # type: ignore[union-attr]


def read_moment(name: str, text: str) -> datetime | date:
    """An instant, or a date. Raises DomainError naming the parameter."""
    # A plus sign that was not percent-encoded arrives as a space.
    head, space, offset = text.rpartition(" ")
    instant = f"{head}+{offset}" if space and len(offset) == len("00:00") else text
    for kind, written in ((date, text), (datetime, instant)):
        try:
            return msgspec.convert(written, kind)
        except msgspec.ValidationError:
            continue
    message = "Write RFC 3339 with an offset, 2026-06-01T12:00:00Z, or a date, 2026-06-01."
    raise DomainError(message, code="invalid", field=name)


def _number(name: str, text: str) -> int:
    if text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS:
        return int(text)
    raise DomainError(f"A whole number up to {MAX_POINTS:,}.", code="invalid", field=name)


def read_switch(name: str, text: str) -> bool:
    """True or false. Raises DomainError naming the parameter."""
    if text in _SWITCH:
        return _SWITCH[text]
    raise DomainError("Either true or false.", code="invalid", field=name)


def _text(name: str, text: str) -> str:
    return text


_READERS: dict[str, Callable[[str, str], Any]] = {
    "start": read_moment,
    "end": read_moment,
    "resolution": _text,
    "aggregate": _text,
    "envelope": read_switch,
    "time_zone": _text,
    "max_points": _number,
    "fill": _text,
    "cursor": _text,
    "time_format": _text,
}
NAMES = tuple(_READERS)


def _parameter(name: str, description: str, **kwargs: Any) -> OpenApiParameter:
    choices = [choice for choice in CHOICES.get(name, ()) if choice]
    return OpenApiParameter(
        name, kwargs.pop("type", str), description=description, enum=choices or None, **kwargs
    )


_INSTANT: Any = {
    "type": "string",
    "anyOf": [{"format": "date-time"}, {"format": "date"}],
    "examples": ["2026-06-01T00:00:00+02:00", "2026-06-01"],
}
_COUNT: Any = {
    "type": "integer",
    "minimum": 1,
    "maximum": MAX_POINTS,
    "default": DEFAULT_POINTS,
}
PARAMETERS = [
    _parameter(
        "start",
        "Start of the window, inclusive: RFC 3339, or a date for midnight in `time_zone`. "
        "24 h before the end unless given.",
        type=_INSTANT,
    ),
    _parameter("end", "End of the window, exclusive; now unless given.", type=_INSTANT),
    _parameter(
        "resolution",
        "Length of the buckets; `auto` is the finest that fits `max_points`, `raw` is the "
        "readings themselves.",
        default="auto",
    ),
    _parameter(
        "aggregate",
        "What is made of a bucket; mean, increase or last by the Metric's type. `duration`, of a "
        "state only: `states` has the seconds spent in each (at most 32 different ones), `values` "
        "the seconds for which one is known.",
    ),
    _parameter("envelope", "Add `min` and `max` beside `values`.", type=bool, default=False),
    _parameter(
        "time_zone",
        "IANA name for buckets of a day and longer; the Site's unless given, yours where Sites "
        "differ.",
    ),
    _parameter("max_points", "Points a series that `auto` may use.", type=_COUNT),
    _parameter("fill", "What stands in empty buckets; `none` leaves them out.", default="null"),
    _parameter("cursor", "`next_cursor` of the answer before, to go on with raw readings."),
    _parameter("time_format", "RFC 3339, or milliseconds since the Unix epoch.", default="rfc3339"),
]

"""Deleting readings over HTTP: how many there are in a window, and away with them."""

from typing import Any
from zoneinfo import ZoneInfo

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from energy.errors import DomainError
from metrics.history import get_store
from metrics.instants import from_micros
from metrics.models import Metric
from metrics.services import delete_readings
from metrics.timeseries.windows import Window, resolve_window
from metrics.timeseries_parameters import PARAMETERS, read_moment

READINGS_NAMES = ("start", "end")
_INSTANT = next(parameter.type for parameter in PARAMETERS if parameter.name == "start")
_PARAMETERS = [
    OpenApiParameter(
        "start",
        _INSTANT,
        required=True,
        description="Start of the window, inclusive: RFC 3339, or a date for the Site's midnight.",
    ),
    OpenApiParameter("end", _INSTANT, required=True, description="End of the window, exclusive."),
]


class ReadingCountSerializer(serializers.Serializer):
    """How many readings of a window there are, or were deleted."""

    start = serializers.DateTimeField()
    end = serializers.DateTimeField()
    count = serializers.IntegerField(min_value=0)


def readings_schema(summary: str, description: str) -> Any:
    """Describes a method of `readings/`."""
    return extend_schema(
        summary=summary,
        description=description,
        parameters=_PARAMETERS,
        responses={200: ReadingCountSerializer},
        filters=False,
    )


def counted(request: Request, metric: Metric) -> dict[str, Any]:
    """The readings of the window asked for."""
    window = _window(request, metric)
    return _answer(window, get_store().count([metric.pk], *window))


def deleted(request: Request, metric: Metric) -> dict[str, Any]:
    """The readings of the window asked for, now gone."""
    window = _window(request, metric)
    return _answer(window, delete_readings([metric], window, actor=request.user))


def _answer(window: Window, count: int) -> dict[str, Any]:
    """The window as it was understood, and the readings in it."""
    return {"start": from_micros(window.start), "end": from_micros(window.end), "count": count}


def _window(request: Request, metric: Metric) -> Window:
    """Both ends must be given: nobody deletes the last day by leaving something out."""
    for name in READINGS_NAMES:
        if name not in request.query_params:
            raise DomainError("Say from when to when.", code="required", field=name)
    start, end = (read_moment(name, request.query_params[name]) for name in READINGS_NAMES)
    return resolve_window(start, end, ZoneInfo(metric.device.site.time_zone), timezone.now())

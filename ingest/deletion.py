"""Deleting readings over HTTP: how many there are in a window, and away with them."""

from typing import Any
from zoneinfo import ZoneInfo

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from energy.instants import from_micros
from energy.parameters import MomentField, Parameters, refuse_unknown
from history import get_store
from history.buckets import Window
from ingest.services import delete_readings
from metrics.models import Metric
from timeseries.windows import resolve_window

_MISSING: Any = {"required": "Say from when to when."}


class WindowParameters(Parameters):
    """Both ends of a window: nobody deletes the last day by leaving something out."""

    start = MomentField(
        error_messages=_MISSING,
        help_text="Start of the window, inclusive: RFC 3339, or a date for the Site's midnight.",
    )
    end = MomentField(error_messages=_MISSING, help_text="End of the window, exclusive.")


class ReadingCountSerializer(serializers.Serializer):
    """How many readings of a window there are, or were deleted."""

    start = serializers.DateTimeField()
    end = serializers.DateTimeField()
    count = serializers.IntegerField(min_value=0)


def _described(summary: str, description: str) -> Any:
    """Describes a method of `readings/`."""
    return extend_schema(
        summary=summary,
        description=description,
        parameters=[WindowParameters],
        responses={200: ReadingCountSerializer},
        filters=False,
    )


class ReadingsActionsMixin(GenericViewSet):
    """The actions `readings/` of the viewset of Metrics: count those of a window, delete them."""

    @property
    def verb_permissions(self) -> dict[str, str] | None:
        """Correcting history is a verb of its own."""
        return {"DELETE": "history.delete_reading"} if self.action == "delete_readings" else None

    @_described(
        "Count readings.",
        "How many readings there are in a window: what DELETE would delete.",
    )
    @action(detail=True, query_parameters=WindowParameters.names())
    def readings(self, request: Request, pk: str) -> Response:
        """How many readings there are in a window."""
        metric = self.get_object()
        window = _window(request, metric)
        return Response(_answer(window, get_store().count([metric.pk], *window)))

    @_described(
        "Delete readings.",
        "Delete the readings of a window, for good; `count` says how many there were. The latest "
        "value moves to the newest reading that is left. Who did it is logged.",
    )
    @readings.mapping.delete
    def delete_readings(self, request: Request, pk: str) -> Response:
        """Delete the readings of a window."""
        metric = self.get_object()
        refuse_unknown(request, WindowParameters.names())
        window = _window(request, metric)
        count = delete_readings([metric], window, actor=request.user)
        return Response(_answer(window, count))


def _answer(window: Window, count: int) -> dict[str, Any]:
    """The window as it was understood, and the readings in it."""
    return {"start": from_micros(window.start), "end": from_micros(window.end), "count": count}


def _window(request: Request, metric: Metric) -> Window:
    zone = ZoneInfo(metric.device.site.time_zone)
    return resolve_window(**WindowParameters.read(request), zone=zone, now=timezone.now())

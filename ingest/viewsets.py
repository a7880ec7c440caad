"""Readings over HTTP: sending them, counting and deleting those of a Metric."""

from dataclasses import asdict
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework.viewsets import GenericViewSet

from energy.errors import DomainError
from energy.instants import from_micros
from energy.parameters import refuse_unknown
from energy.problems import FieldError, Problem, ProblemResponse
from history import get_store
from history.buckets import Window
from ingest.door import receive_readings
from ingest.parsed import ParsedReadings, Rejection
from ingest.parsers import CsvReadingsParser, JsonReadingsParser, NdjsonReadingsParser
from ingest.schema import BODIES, EXAMPLES
from ingest.sender import Sender
from ingest.serializers import (
    AcceptedSerializer,
    ReadingCountSerializer,
    ReadingsParameters,
    WindowParameters,
)
from ingest.services import delete_readings
from metrics.models import Metric
from timeseries.windows import resolve_window

MOST_NAMED = 100  # bad readings that a refusal lists


class ReadingsView(APIView):
    """Where readings arrive: all of a request, or with `?partial=true` its good ones."""

    parser_classes = (JsonReadingsParser, NdjsonReadingsParser, CsvReadingsParser)
    verb_permissions: ClassVar[dict[str, str]] = {"POST": "history.add_reading"}
    max_body = "INGEST_MAX_BYTES"
    rate = "READINGS_RATE"
    takes_readings = True

    @extend_schema(
        operation_id="readings_create",
        parameters=[ReadingsParameters],
        request=BODIES,
        responses=AcceptedSerializer,
        examples=EXAMPLES,
    )
    def post(self, request: Request) -> Response:
        """Store readings. They are committed once this answers 200.

        A reading of the same Metric and timestamp replaces the one before and counts as accepted,
        so a request that got no answer can be repeated. One bad reading refuses all of them (400;
        `errors` names the first 100, as `readings.` and its position), unless `partial` is true:
        then the good ones are stored and every bad one is listed in `rejected`.

        A position counts from 0: of JSON the readings, also those in columns; of NDJSON the lines;
        of CSV the lines behind the first. Empty lines are skipped, and counted.

        A request takes at most 50,000 readings and 16 MiB, as sent (gzip is welcome) and
        unpacked, unless the installation says otherwise; past them the answer is 413.
        """
        refuse_unknown(request, ReadingsParameters.names())
        partial = ReadingsParameters.read(request)["partial"]
        parsed: Any = request.data
        if not isinstance(parsed, ParsedReadings):  # without a Content-Length nothing is parsed
            raise DomainError("The body is empty.", code="required", field="readings")
        sender = Sender.of_token(request.user, request.auth)
        received = receive_readings(parsed, sender=sender, now=timezone.now(), partial=partial)
        if received.rejections and not partial:
            return _refusal(received.rejections)
        rejected = [asdict(rejection) for rejection in received.rejections]
        return Response({"accepted": received.accepted, "rejected": rejected})


def _refusal(rejections: list[Rejection]) -> ProblemResponse:
    detail = f"Nothing was stored: {len(rejections):,} of the readings cannot be accepted."
    if len(rejections) > MOST_NAMED:
        detail += f" The first {MOST_NAMED} are named."
    errors = [
        FieldError(f"readings.{rejection.index}", rejection.code, rejection.reason)
        for rejection in rejections[:MOST_NAMED]
    ]
    return ProblemResponse(Problem(400, detail, errors))


def _window_schema(summary: str, description: str) -> Any:
    """Describes a method of `readings/`."""
    return extend_schema(
        summary=summary,
        description=description,
        parameters=[WindowParameters],
        responses={200: ReadingCountSerializer},
        filters=False,
    )


class ReadingsMixin(GenericViewSet):
    """The action `readings/` of the viewset of Metrics: counts or deletes those of a window."""

    @property
    def verb_permissions(self) -> dict[str, str] | None:
        """Correcting history is a verb of its own."""
        return {"DELETE": "history.delete_reading"} if self.action == "delete_readings" else None

    @_window_schema(
        "Count readings.",
        "How many readings there are in a window: what DELETE would delete.",
    )
    @action(detail=True, query_parameters=WindowParameters.names(), needs_query=True)
    def readings(self, request: Request, pk: str) -> Response:
        """How many readings there are in a window."""
        metric = self.get_object()
        window = _window(request, metric)
        return _counted(window, get_store().count([metric.pk], *window))

    @_window_schema(
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
        return _counted(window, delete_readings([metric], window, actor=request.user))


def _counted(window: Window, count: int) -> Response:
    """The window as it was understood, and the readings in it."""
    start, end = map(from_micros, window)
    return Response({"start": start, "end": end, "count": count})


def _window(request: Request, metric: Metric) -> Window:
    zone = ZoneInfo(metric.device.site.time_zone)
    return resolve_window(**WindowParameters.read(request), zone=zone, now=timezone.now())

"""Readings coming in over HTTP."""

from dataclasses import asdict
from typing import Any, ClassVar

from django.conf import settings
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from energy.errors import DomainError
from energy.parameters import refuse_unknown
from energy.parsers import read_limited
from energy.problems import FieldError, Problem, ProblemResponse
from ingest.compression import unpacked
from ingest.door import receive_readings
from ingest.json_body import parse_json
from ingest.parsed import ParsedReadings, Rejection
from ingest.schema import EXAMPLES, PARTIAL, READINGS, AcceptedSerializer

MOST_NAMED = 100  # bad readings that a refusal lists
_SWITCH = {"true": True, "false": False}


class JsonReadingsParser(BaseParser):
    """`application/json`, packed with gzip or not, within the limits of the settings."""

    media_type = "application/json"

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> Any:
        """The ParsedReadings of the body; raises DomainError (400), TooLarge (413) or a 415."""
        packed = read_limited(stream, settings.INGEST_MAX_BYTES)
        encoding = parser_context["request"].META.get("HTTP_CONTENT_ENCODING", "")
        body = unpacked(packed, encoding, settings.INGEST_MAX_UNPACKED_BYTES)
        return parse_json(body, settings.INGEST_MAX_READINGS)


class ReadingsView(APIView):
    """Where readings arrive: all of a request, or with `?partial=true` its good ones."""

    parser_classes = (JsonReadingsParser,)
    max_body = "INGEST_MAX_BYTES"
    verb_permissions: ClassVar[dict[str, str]] = {"POST": "history.add_reading"}

    @extend_schema(
        operation_id="readings_create",
        parameters=[PARTIAL],
        request={"application/json": READINGS},
        responses=AcceptedSerializer,
        examples=EXAMPLES,
    )
    def post(self, request: Request) -> Response:
        """Store readings. They are committed once this answers 200.

        A reading of the same Metric and timestamp replaces the one before and counts as accepted,
        so a request that got no answer can be repeated. One bad reading refuses all of them (400;
        `errors` names the first 100, as `readings.` and its position), unless `partial` is true:
        then the good ones are stored and every bad one is listed in `rejected`.

        A request takes at most 50,000 readings and 16 MiB, as sent (gzip is welcome) and
        unpacked, unless the installation says otherwise; past them the answer is 413.
        """
        partial = _partial(request)
        parsed = _parsed(request)
        received = receive_readings(parsed, user=request.user, now=timezone.now(), partial=partial)
        if received.rejections and not partial:
            return _refusal(received.rejections)
        rejected = [asdict(rejection) for rejection in received.rejections]
        return Response({"accepted": received.accepted, "rejected": rejected})


def _partial(request: Request) -> bool:
    refuse_unknown(request, {"partial"})
    asked = request.query_params.get("partial", "false")
    if asked not in _SWITCH:
        raise ValidationError({"partial": ["Either true or false."]}, code="invalid")
    return _SWITCH[asked]


def _parsed(request: Request) -> ParsedReadings:
    parsed: Any = request.data
    if not isinstance(parsed, ParsedReadings):  # without a Content-Length nothing is parsed
        raise DomainError("The body is empty.", code="required", field="readings")
    return parsed


def _refusal(rejections: list[Rejection]) -> ProblemResponse:
    detail = f"Nothing was stored: {len(rejections):,} of the readings cannot be accepted."
    if len(rejections) > MOST_NAMED:
        detail += f" The first {MOST_NAMED} are named."
    errors = [
        FieldError(f"readings.{rejection.index}", rejection.code, rejection.reason)
        for rejection in rejections[:MOST_NAMED]
    ]
    return ProblemResponse(Problem(400, detail, errors))

"""InfluxDB's write API, for clients that know no other.

These are plain views, because such clients ask for media types that the API does not offer, and
announce compressed bodies where they send none.
"""

import re
from typing import Any, cast

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.csrf import csrf_exempt

from energy.compression import decompress
from energy.errors import DomainError
from energy.health import databases_answer
from energy.instants import to_micros
from energy.problems import Problem, problem_of
from energy.throttling import RequestRate
from ingest.door import receive_readings
from ingest.lines.answers import partly_refused, refusal_of
from ingest.lines.body import parse_body
from ingest.lines.credentials import authenticate
from ingest.lines.precisions import AUTO, precision_of
from ingest.sender import Sender

# The version of the API that is spoken, and by whom; some clients refuse to speak to none.
VERSION = "2.7.0-energy"
_CREATE_DATABASE = re.compile(
    r'\s*CREATE\s+DATABASE\s+("(?:[^"\\]|\\.)+"|\w+)(\s+WITH\s[\w\s]+)?;?\s*', re.IGNORECASE
)


@method_decorator(csrf_exempt, name="dispatch")
class InfluxView(View):
    """Answers as InfluxDB does, in refusals too."""

    max_body = "INGEST_MAX_BYTES"
    rate = "READINGS_RATE"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            answer = super().dispatch(request, *args, **kwargs)
        except Exception as error:
            problem = problem_of(error)
            if problem is None:
                raise
            answer = refusal_of(problem)
        answer["X-Influxdb-Version"] = VERSION
        return answer

    def http_method_not_allowed(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        allowed = super().http_method_not_allowed(request, *args, **kwargs)["Allow"]
        return refusal_of(Problem(405, "There is no such method.", headers={"Allow": allowed}))

    @staticmethod
    def refuse(error: DomainError) -> HttpResponse:
        """The answer to a body that is refused before the view is asked."""
        return refusal_of(cast("Problem", problem_of(error)))

    def sender(self, request: Any) -> Sender:
        """Who sends; raises what refuses them, or one request more of them."""
        request.user, request.auth = authenticate(request)
        RequestRate().allow_request(request, self)
        return Sender.of_token(request.user, request.auth)


class WriteView(InfluxView):
    """Stores line protocol: good lines always, whatever the others are."""

    default_precision = ""

    def post(self, request: HttpRequest) -> HttpResponse:
        sender = self.sender(request)
        now = timezone.now()
        body = _body_of(request)
        parsed = parse_body(
            body,
            precision=precision_of(request.GET.get("precision", self.default_precision)),
            now=to_micros(now),
            max_readings=settings.INGEST_MAX_READINGS,
        )
        # The third generation has this option.
        partial = request.GET.get("accept_partial", "").lower() != "false"
        received = receive_readings(parsed, sender=sender, now=now, partial=partial)
        if received.rejections:
            return partly_refused(received.rejections, body, stored=partial)
        return HttpResponse(status=204)


class WriteLpView(WriteView):
    """The third generation's, which tells by the size of a timestamp what it counts."""

    default_precision = AUTO


class PingView(InfluxView):
    """Tells that somebody is there."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse(status=204)


class HealthView(InfluxView):
    """Tells whether writes would be stored."""

    def get(self, request: HttpRequest) -> HttpResponse:
        problem = databases_answer()
        if problem is None:
            return JsonResponse({"name": "energy", "status": "pass", "version": VERSION})
        state = {"name": "energy", "status": "fail", "message": problem.detail}
        return JsonResponse(state, status=problem.status, headers=problem.headers)


class QueryView(InfluxView):
    """Lets clients create the database that they would write to; there is nothing to do for it."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return self._answer(request, request.GET.get("q", ""))

    def post(self, request: HttpRequest) -> HttpResponse:
        return self._answer(request, request.GET.get("q") or request.POST.get("q", ""))

    def _answer(self, request: HttpRequest, query: str) -> HttpResponse:
        self.sender(request)
        if not _CREATE_DATABASE.fullmatch(query):
            raise DomainError("Only CREATE DATABASE is answered here.", field="q")
        return JsonResponse({"results": [{"statement_id": 0}]})


def _body_of(request: HttpRequest) -> bytes:
    """The body, decompressed. Raises TooLarge past the limit of readings."""
    encoding = request.headers.get("Content-Encoding", "") if request.body else ""
    return decompress(request.body, encoding, settings.INGEST_MAX_UNPACKED_BYTES)

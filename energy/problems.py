"""Every error under /api/ as problem details (RFC 9457)."""

import logging
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from uuid import uuid4

import msgspec
from django.core.exceptions import (
    PermissionDenied,
    RequestDataTooBig,
    SuspiciousOperation,
    ValidationError,
)
from django.db import DatabaseError, DataError, IntegrityError, InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.views import defaults
from rest_framework import exceptions
from rest_framework.fields import get_error_detail
from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response
from rest_framework.views import set_rollback

from energy.errors import DomainError

MEDIA_TYPE = "application/problem+json"
DATABASE_BACK_IN = 5  # s; a restart of PostgreSQL takes about as long
THROTTLED_FOR = 60  # s; where the throttle does not say
WHOLE = ("non_field_errors", "__all__")  # how DRF and Django name what is no single field's fault

logger = logging.getLogger(__name__)


class FieldError(msgspec.Struct):
    """What is wrong with one input; `field` is a path such as `metrics.0.key`, "" for the body."""

    field: str
    code: str
    message: str


@dataclass
class Problem:
    """An error before it becomes a response."""

    status: int
    detail: str
    errors: list[FieldError] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """The members of the problem details object."""
        return {
            "type": "about:blank",
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": self.detail,
            "errors": [msgspec.to_builtins(error) for error in self.errors],
        }


class ProblemResponse(Response):
    """A problem as a response: JSON with its own media type, or a page of the browsable API."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.as_dict(), status=problem.status, headers=problem.headers)

    @property
    def rendered_content(self) -> Any:
        content = super().rendered_content
        if isinstance(self.accepted_renderer, JSONRenderer):
            self["Content-Type"] = MEDIA_TYPE
        return content


def problem_response(exc: Exception, context: dict[str, Any]) -> ProblemResponse | None:
    """The answer to `exc`, or None for an unexpected exception (a 500, see `server_error`)."""
    if isinstance(exc, exceptions.UnsupportedMediaType):
        exc.detail = _names_what_is_taken(exc.detail, context["view"])
    problem = problem_of(exc)
    if problem is None:
        return None
    set_rollback()
    return ProblemResponse(problem)


def _names_what_is_taken(detail: Any, view: Any) -> Any:
    """The refusal of a media type, with the ones that the view reads."""
    taken = ", ".join(parser.media_type for parser in view.get_parsers())
    return exceptions.ErrorDetail(f"{detail} This takes {taken}.", code=detail.code)


def problem_of(exc: BaseException | None) -> Problem | None:
    """The problem that a client is told of; None when the exception is a fault of the server."""
    if isinstance(exc, exceptions.APIException):
        return _of_framework(exc)
    if isinstance(exc, DomainError):
        return _of_domain(exc)
    if isinstance(exc, ValidationError):
        return _invalid(400, get_error_detail(exc))
    if isinstance(exc, DatabaseError) and _is_busy(exc):
        logger.error("A database is busy", exc_info=exc)
        return _unavailable("The database is busy, or this takes too long: try again, or for less.")
    if isinstance(exc, OperationalError | InterfaceError):
        logger.error("A database is away", exc_info=exc)
        return _unavailable("A database is away; try again shortly.")
    return next(
        (Problem(status, detail) for kind, status, detail in _FIXED if isinstance(exc, kind)), None
    )


def _is_busy(exc: DatabaseError) -> bool:
    """Whether the database works, but a lock or an answer took longer than the time limit."""
    state = getattr(exc.__cause__, "sqlstate", None)
    name = getattr(exc.__cause__, "sqlite_errorname", "")
    return state in _BUSY or name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED"))


# PostgreSQL's SQLSTATEs: statement cancelled, lock not available, deadlock detected, and a
# transaction that was idle, or lasted, too long.
_BUSY = {"57014", "55P03", "40P01", "25P03", "25P04"}


def _unavailable(detail: str) -> Problem:
    return Problem(503, detail, headers={"Retry-After": str(DATABASE_BACK_IN)})


_FIXED: tuple[tuple[Any, int, str], ...] = (
    (Http404, 404, "Not found."),
    (PermissionDenied, 403, "You may not do this."),
    (RequestDataTooBig, 413, "The request is larger than this server accepts."),
    (SuspiciousOperation, 400, "The request is malformed."),
    (IntegrityError, 409, "The request contradicts what is stored; read it again and retry."),
    (DataError, 400, "A value is out of range."),
)


def _of_domain(exc: DomainError) -> Problem:
    error = FieldError(exc.field, exc.code, exc.message)
    headers = {"Retry-After": str(exc.retry_after)} if exc.retry_after else {}
    return Problem(exc.status, exc.message, [error], headers)


_HEADINGS = {
    400: "That cannot be understood",
    411: "That has no length",
    413: "That is too much at a time",
}


def _of_framework(exc: exceptions.APIException) -> Problem:
    headers = {}
    if auth_header := getattr(exc, "auth_header", None):
        headers["WWW-Authenticate"] = auth_header
    if isinstance(exc, exceptions.Throttled):
        headers["Retry-After"] = str(int(getattr(exc, "wait", None) or THROTTLED_FOR))
    if isinstance(exc.detail, dict | list):
        return _invalid(exc.status_code, exc.detail, headers)
    return Problem(exc.status_code, str(exc.detail), [], headers)


def _invalid(status: int, detail: Any, headers: dict[str, str] | None = None) -> Problem:
    errors = list(_flatten(detail))
    return Problem(status, _summary(errors), errors, headers or {})


def _flatten(detail: Any, path: str = "") -> Iterator[FieldError]:
    """The leaves of DRF's nested dicts and lists, with the path to each."""
    if isinstance(detail, dict):
        for name, inner in detail.items():
            yield from _flatten(inner, path if name in WHOLE else _join(path, name))
    elif isinstance(detail, list):
        for index, inner in enumerate(detail):
            nested = isinstance(inner, dict | list)
            yield from _flatten(inner, _join(path, index) if nested else path)
    else:
        yield FieldError(path, str(getattr(detail, "code", "invalid")), str(detail))


def _join(path: str, name: Any) -> str:
    return f"{path}.{name}" if path else str(name)


def _summary(errors: list[FieldError]) -> str:
    if len(errors) != 1:
        return f"The request has {len(errors)} errors; `errors` names the field of each."
    only = errors[0]
    return f"{only.field}: {only.message}" if only.field else only.message


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's 404, as a problem under /api/."""
    if _is_api(request):
        return plain_problem(Problem(404, "Not found."))
    return defaults.page_not_found(request, exception)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's 400 (a forged host, a body too large), as a problem under /api/."""
    if _is_api(request):
        return plain_problem(problem_of(exception) or Problem(400, "The request is malformed."))
    return defaults.bad_request(request, exception)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's 403, as a problem under /api/."""
    if _is_api(request):
        return plain_problem(Problem(403, "You may not do this."))
    return defaults.permission_denied(request, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    """Django's 500, with a reference to the log; 503 where a database is away."""
    problem = problem_of(sys.exception())
    reference = ""
    if problem is None or problem.status != HTTPStatus.SERVICE_UNAVAILABLE:
        reference = uuid4().hex[:12]
        logger.error("Failure %s: %s %s", reference, request.method, request.path)
        problem = Problem(500, f"The server failed; the log knows it as {reference}.")
    if _is_api(request):
        return plain_problem(problem)
    page = render_to_string("500.html", {"status": problem.status, "reference": reference})
    return HttpResponse(page, status=problem.status, headers=problem.headers)


def refusal(request: HttpRequest, error: DomainError) -> HttpResponse:
    """The answer to a DomainError raised outside a view: a problem under /api/, else a page."""
    problem = _of_domain(error)
    if _is_api(request):
        return plain_problem(problem)
    told = {"status": error.status, "heading": _HEADINGS[error.status], "message": error.message}
    page = render_to_string("refused.html", told)
    return HttpResponse(page, status=error.status, headers=problem.headers)


def plain_problem(problem: Problem) -> HttpResponse:
    """The problem as JSON, for views that are not part of the REST framework."""
    return HttpResponse(
        msgspec.json.encode(problem.as_dict()),
        content_type=MEDIA_TYPE,
        status=problem.status,
        headers=problem.headers,
    )


def _is_api(request: HttpRequest) -> bool:
    return request.path_info.startswith("/api/")

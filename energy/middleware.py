"""What is decided about every request, whichever view it is for."""

from collections.abc import Callable
from functools import partial
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse

from energy.bodies import max_body, told
from energy.errors import DomainError, TooLarge
from energy.problems import not_found, refusal


class NulMiddleware:
    """Answers 404 to the character NUL in a path, and 400 to one in a query or a cookie.

    No name, key or text has one, PostgreSQL stores none, and its library fails when given one.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if "\0" in request.path_info:
            return not_found(request, Http404())
        field = _with_nul(request)
        if field is None:
            return self.get_response(request)
        return refusal(request, DomainError("The character NUL cannot be sent.", field=field))


def _with_nul(request: HttpRequest) -> str | None:
    """The query parameter that has a NUL, "" for a cookie; None where there is none."""
    if any("\0" in value for value in request.COOKIES.values()):
        return ""
    if "%00" not in request.META.get("QUERY_STRING", ""):
        return None
    for name, values in request.GET.lists():
        if "\0" in name or any("\0" in value for value in values):
            return name.replace("\0", "")
    return None


class BodyLimitMiddleware:
    """Answers 413 to a body that is announced as larger than its view takes, and reads none of it.

    Nothing longer than announced is ever read, and without an announcement nothing at all.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Any, args: Any, kwargs: Any
    ) -> HttpResponse | None:
        """The refusal, if any: a form is read before its view is called."""
        view_class = getattr(view, "cls", None) or getattr(view, "view_class", None)
        limit = max_body(view_class)
        if _announced(request) <= limit:
            return None
        # A view that speaks another protocol refuses in its words.
        refuse = getattr(view_class, "refuse", partial(refusal, request))
        answer: HttpResponse = refuse(TooLarge(told(limit), code="body_too_large"))
        return answer


def _announced(request: HttpRequest) -> int:
    length = request.META.get("CONTENT_LENGTH") or "0"
    return int(length) if length.isascii() and length.isdigit() else 0

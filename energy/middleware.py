"""What is decided about every request, whichever view it is for."""

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import Resolver404, resolve

from energy.bodies import hold_body, max_body
from energy.errors import DomainError
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
        error = DomainError("The character NUL cannot be sent.", field=field)
        return _refused(request, _view_at(request.path_info), error)


def _view_at(path: str) -> Any:
    """The view behind a path, which is not known before all middleware has let a request pass."""
    with suppress(Resolver404):
        return resolve(path).func
    return None


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


class BodyMiddleware:
    """Reads all of a body before its view is called, so that no view takes a part for the whole.

    Answers 413 to one that is larger than its view takes, and reads nothing of one that is
    announced so; 400 to one that is cut off.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Any, args: Any, kwargs: Any
    ) -> HttpResponse | None:
        """The refusal, if any."""
        try:
            hold_body(request, max_body(_class_of(view)))
        except DomainError as error:
            return _refused(request, view, error)
        return None


def _class_of(view: Any) -> Any:
    return getattr(view, "cls", None) or getattr(view, "view_class", None)


def _refused(request: HttpRequest, view: Any, error: DomainError) -> HttpResponse:
    """The refusal in the words of the view, where it speaks another protocol."""
    refuse = getattr(_class_of(view), "refuse", partial(refusal, request))
    answer: HttpResponse = refuse(error)
    return answer

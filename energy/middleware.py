"""What is decided about every request, whichever view it is for."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse

from energy.bodies import max_body, told
from energy.errors import TooLarge
from energy.problems import refusal


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
        limit = max_body(getattr(view, "cls", None) or getattr(view, "view_class", None))
        if _announced(request) <= limit:
            return None
        return refusal(request, TooLarge(told(limit), code="body_too_large"))


def _announced(request: HttpRequest) -> int:
    length = request.META.get("CONTENT_LENGTH") or "0"
    return int(length) if length.isascii() and length.isdigit() else 0

"""Lets what is changed during a request be written down as its user's doing."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from changes.actors import answered


class ActorMiddleware:
    """Remembers the request for as long as it is answered."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        token = answered.set(request)
        try:
            return self.get_response(request)
        finally:
            answered.reset(token)

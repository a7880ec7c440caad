"""Holds people back on pages who have yet to set up a second factor that is required of them."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from accounts import second_factor

SET_UP = "two-factor"
# What they may open meanwhile, by the names of the routes.
_OPEN = {SET_UP, "login", "logout", "theme", "healthz", "readyz"}


class SecondFactorMiddleware:
    """Leads to where the second factor is set up, whichever page was asked for, the admin's too.

    The API answers for itself: see `accounts.authentication`.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Any, args: Any, kwargs: Any
    ) -> HttpResponse | None:
        """Lead away from what has to wait; the page that was asked for comes afterwards."""
        match = request.resolver_match
        is_open = match is not None and not match.namespaces and match.url_name in _OPEN
        if is_open or request.path_info.startswith("/api/"):
            return None
        if not second_factor.is_missing(request):
            return None
        asked = request.get_full_path() if request.method == "GET" else ""
        query = f"?{urlencode({'next': asked})}" if asked else ""
        return HttpResponseRedirect(f"{reverse(SET_UP)}{query}")

"""How many requests a minute the API takes of each user and of each token.

A view names the settings of its rates by the word before them, in `rate`: API_RATE, unless it does.
Whoever is not signed in counts by their address.
"""

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.utils import timezone
from rest_framework.throttling import BaseThrottle

from energy.addresses import network_of
from energy.errors import TooManyRequests
from energy.instants import to_micros
from energy.rates import Rate
from energy.spending import spend


class RequestRate(BaseThrottle):
    """Refuses what goes beyond the rates: `<rate>_PER_TOKEN` first, then `<rate>_PER_USER`."""

    def allow_request(self, request: Any, view: Any) -> bool:
        """Count the request; raise TooManyRequests, which says for how long to wait."""
        kind = getattr(view, "rate", "API_RATE")
        now = to_micros(timezone.now())
        for setting, whose in _counted(request, kind):
            rate = Rate.of(getattr(settings, setting))
            if rate.times and (wait := spend(f"{setting} {whose}", rate, now)):
                raise TooManyRequests(
                    f"Too many requests. Try again in {wait} seconds.",
                    code="too_many_requests",
                    retry_after=wait,
                )
        return True


def _counted(request: Any, kind: str) -> Iterator[tuple[str, str]]:
    """Each setting that counts the request, and for whom."""
    if request.auth is not None:
        yield f"{kind}_PER_TOKEN", str(request.auth.pk)
    whose = request.user.pk if request.user.is_authenticated else network_of(request)
    yield f"{kind}_PER_USER", str(whose)

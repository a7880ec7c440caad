"""Who acts: the user of the request that is answered here and now."""

from contextvars import ContextVar
from typing import Any, NamedTuple

from django.http import HttpRequest

from energy.addresses import address_of

SESSION, TOKEN, COMMAND, SYSTEM = "session", "token", "command", "system"

# Each thread, and each task of an event loop, has its own. The user is asked for only when there is
# something to write down: REST framework finds out whose a token is long after the middleware.
answered: ContextVar[HttpRequest | None] = ContextVar("answered", default=None)


class Actor(NamedTuple):
    """Who changed something, by which means, and from where. A command has no user."""

    user: Any
    via: str
    address: str | None


# What nobody asked for: readings that are not kept any longer.
THE_SYSTEM = Actor(None, SYSTEM, None)


def current_actor() -> Actor:
    """The user of the request under way; outside of any the command that runs."""
    request = answered.get()
    if request is None:
        return Actor(None, COMMAND, None)
    user: Any = getattr(request, "user", None)
    via = TOKEN if getattr(request, "auth", None) else SESSION
    known = user if user is not None and user.is_authenticated else None
    return Actor(known, via, address_of(request))

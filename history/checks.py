"""`manage.py check` of the history store."""

from typing import Any

from django.core.checks import CheckMessage, Error, register
from django.core.exceptions import ImproperlyConfigured

from history import get_store


@register()
def history_store_is_usable(**_: Any) -> list[CheckMessage]:
    """HISTORY_URL names an engine, and that engine finds its own configuration in order."""
    try:
        return get_store().check()
    except ImproperlyConfigured as error:
        return [
            Error(
                str(error),
                hint="Correct HISTORY_URL as .env.example says, or unset it.",
                id="history.E001",
            )
        ]

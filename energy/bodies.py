"""How large a request's body may be: REQUEST_MAX_BYTES, unless its view names another setting.

A sign-in, which anybody may send, takes less, and readings take more.
"""

from typing import Any

from django.conf import settings

_USUAL = "DATA_UPLOAD_MAX_MEMORY_SIZE"


def max_body(view: Any) -> int:
    """Bytes of a body that a view, or its class, takes: the setting that its `max_body` names."""
    return int(getattr(settings, getattr(view, "max_body", _USUAL)))


def told(limit: int) -> str:
    """What is said of a body over `limit`."""
    return f"The body is over {limit} bytes."

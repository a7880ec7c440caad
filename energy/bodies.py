"""The largest body that a request may have: REQUEST_MAX_BYTES unless its view names a setting.

Signing in, which needs no account, accepts less; sending readings accepts more.
"""

from typing import Any

from django.conf import settings

_USUAL = "DATA_UPLOAD_MAX_MEMORY_SIZE"


def max_body(view: Any) -> int:
    """The limit of a view or view class in bytes: the setting that its `max_body` names."""
    return int(getattr(settings, getattr(view, "max_body", _USUAL)))


def told(limit: int) -> str:
    """The message for a body of more than `limit` bytes."""
    return f"The body is over {limit} bytes."

"""Request bodies: how large one may be, and reading all of it or nothing.

A body may have REQUEST_MAX_BYTES unless its view names a setting: signing in, which needs no
account, accepts less; sending readings accepts more.
"""

from io import BytesIO
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from gunicorn.http.errors import ParseException

from energy.errors import DomainError, LengthRequired, TooLarge

_USUAL = "DATA_UPLOAD_MAX_MEMORY_SIZE"


def max_body(view: Any) -> int:
    """The limit of a view or view class in bytes: the setting that its `max_body` names."""
    return int(getattr(settings, getattr(view, "max_body", _USUAL)))


def hold_body(request: HttpRequest, limit: int) -> None:
    """Read the body, so that whoever asks the request for it has all of it from memory.

    Raises TooLarge past `limit` bytes, LengthRequired for chunks where the server takes none, and
    DomainError for a body that ended before it was complete.
    """
    try:
        body = _read(request, limit)
    except (OSError, ParseException) as error:
        raise _cut_off() from error
    # Both are what Django sets when it reads a body itself, but it reads none of unknown length.
    request._body = body
    request._stream = BytesIO(body)
    request.META["CONTENT_LENGTH"] = str(len(body))


def _read(request: HttpRequest, limit: int) -> bytes:
    if "Transfer-Encoding" in request.headers:
        return _read_chunks(request, limit)
    announced = _announced(request)
    if announced > limit:
        raise _too_large(limit)
    body = request.read(announced) if announced else b""
    if len(body) < announced:
        raise _cut_off()
    return body


def _read_chunks(request: HttpRequest, limit: int) -> bytes:
    """A body of no announced length, of which the server knows where it ends."""
    if not request.META.get("wsgi.input_terminated"):
        raise LengthRequired("This server takes no chunks: announce a Content-Length.")
    body: bytes = request.META["wsgi.input"].read(limit + 1)
    if len(body) > limit:
        raise _too_large(limit)
    return body


def _announced(request: HttpRequest) -> int:
    length = request.META.get("CONTENT_LENGTH") or "0"
    return int(length) if length.isascii() and length.isdigit() else 0


def _too_large(limit: int) -> TooLarge:
    return TooLarge(f"The body is over {limit} bytes.", code="body_too_large")


def _cut_off() -> DomainError:
    return DomainError("The body ended early: nothing of it was used.", code="incomplete")

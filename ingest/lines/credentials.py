"""Who sends, by the token that InfluxDB's clients carry in one of four ways.

`Authorization: Token <key>` or `Bearer <key>`, the password of `Basic`, or the query's `p`. A key
may have a user's name and a colon before it, as the first generation of clients sends both.
"""

import binascii
from base64 import b64decode
from contextlib import suppress
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from rest_framework.exceptions import AuthenticationFailed

from accounts.authentication import ApiTokenAuthentication
from accounts.scopes import check_scope


def authenticate(request: HttpRequest) -> tuple[Any, Any]:
    """The user and the token that may send readings.

    Raises AuthenticationFailed (401), and PermissionDenied (403) where they may not.
    """
    key = _key(request)
    if not (key and key.isascii() and key.isprintable()):
        raise AuthenticationFailed("A token is needed, and this is none.")
    user, token = ApiTokenAuthentication().authenticate_credentials(key.encode())
    check_scope(token, "POST", takes_readings=True)
    if not user.has_perm("history.add_reading"):
        raise PermissionDenied
    return user, token


def _key(request: HttpRequest) -> str:
    scheme, _, sent = request.headers.get("Authorization", "").partition(" ")
    match scheme.lower():
        case "token" | "bearer":
            return sent.strip().rpartition(":")[2]
        case "basic":
            return _password(sent)
    return request.GET.get("p", "")


def _password(sent: str) -> str:
    """The password of a user and password that are sent together, "" where they are not."""
    with suppress(binascii.Error, ValueError):
        return b64decode(sent, validate=True).decode().partition(":")[2]
    return ""

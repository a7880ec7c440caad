"""The one place where a user name and a password are checked, whatever the face they came by."""

import unicodedata
from typing import Any

from django.conf import settings
from django.contrib.auth import authenticate
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.crypto import get_random_string

from accounts import throttling
from accounts.models import User
from energy.addresses import network_of

KNOWN_BROWSER = "known-browser"  # the cookie's name
_REMEMBERED = 365 * 86_400  # s


def check_credentials(request: HttpRequest, username: str, password: str) -> User | None:
    """The active user of these credentials, None where they are wrong.

    Raises TooManyRequests, without a look at the password, where they come too often.
    """
    attempt = _attempt(request, username)
    throttling.admit(attempt)
    user: Any = authenticate(request, username=username, password=password)
    if user is None:
        throttling.note_failure(attempt)
    else:
        throttling.forget_failures(attempt)
    return user


def remember_browser(request: HttpRequest, response: HttpResponse, user: User) -> None:
    """Let this browser be known for the account of `user`, who has just signed in.

    The cookie signs nobody in. It only keeps strangers' attempts apart from the user's own.
    """
    name = user.get_username()
    response.set_signed_cookie(
        KNOWN_BROWSER,
        _known_browser(request, name) or get_random_string(22),
        salt=_salt(name),
        max_age=_REMEMBERED,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def _attempt(request: HttpRequest, username: str) -> throttling.Attempt:
    account = unicodedata.normalize("NFKC", username)
    browser = _known_browser(request, account)
    source = f"browser {browser}" if browser else f"network {network_of(request)}"
    return throttling.Attempt(account, source, bool(browser), timezone.now())


def _known_browser(request: HttpRequest, username: str) -> str:
    """What the browser was named when it signed in to the account; empty where it never did."""
    named = request.get_signed_cookie(
        KNOWN_BROWSER, default=None, salt=_salt(username), max_age=_REMEMBERED
    )
    return named or ""


def _salt(username: str) -> str:
    return f"{KNOWN_BROWSER} of {username}"

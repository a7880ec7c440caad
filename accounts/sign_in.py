"""The one place where passwords and codes are checked and people let in, whatever way they came."""

import time
import unicodedata
from typing import Any, NamedTuple

from django.conf import settings
from django.contrib.auth import authenticate, login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import resolve_url
from django.utils import timezone
from django.utils.crypto import get_random_string
from django.utils.http import url_has_allowed_host_and_scheme

from accounts import second_factor, throttling
from accounts.models import User
from energy.addresses import network_of

KNOWN_BROWSER = "known-browser"  # the cookie's name
_REMEMBERED = 365 * 86_400  # s
_HALFWAY = "halfway-in"  # in a session that has shown who it is and is to show a code
_CODE_WITHIN = 600  # s

_BACKEND = "accounts.backends.PermissionsBackend"


class Halfway(NamedTuple):
    """Somebody who has shown who they are, and where they go once they have shown a code, too."""

    user: User
    address: str


def check_credentials(request: HttpRequest, username: str, password: str) -> User | None:
    """The active user of these credentials, None where they are wrong.

    Whoever has a second factor has yet to show a code: see `check_code`. Raises TooManyRequests,
    without a look at the password, where they come too often.
    """
    attempt = _attempt(request, username)
    throttling.admit(attempt)
    user: Any = authenticate(request, username=username, password=password)
    if user is None:
        throttling.note_failure(attempt)
    elif user.has_second_factor:
        throttling.expect_code(attempt)
    else:
        throttling.forget_failures(attempt)
    return user


def admit_anybody(request: HttpRequest) -> None:
    """Count an attempt to sign in by nobody known yet; TooManyRequests where there are many."""
    throttling.admit(_attempt(request, ""))


def check_code(request: HttpRequest, user: User, code: str) -> bool:
    """Whether the code is one of `user`, which it is used up by.

    It is counted with the passwords tried for the account, and as often refused (TooManyRequests).
    """
    attempt = _attempt(request, user.get_username())
    throttling.admit(attempt)
    is_right = second_factor.accepts(user, code)
    if is_right:
        throttling.forget_failures(attempt)
    else:
        throttling.note_failure(attempt)
    return is_right


def enter(
    request: HttpRequest, user: User, address: str, *, is_vouched: bool = False
) -> HttpResponse:
    """Let in whoever has shown that they are `user`, and lead them to `address`.

    Whoever has a second factor is asked for a code first, unless single sign-on vouches for it.
    """
    if user.has_second_factor and not is_vouched:
        request.session.cycle_key()
        request.session[_HALFWAY] = {
            "user": user.pk,
            "proof": user.get_session_auth_hash(),
            "since": time.time(),
            "address": address,
        }
        return HttpResponseRedirect(resolve_url("sign-in-code"))
    return _let_in(request, user, address, is_vouched)


def inside(request: HttpRequest, otherwise: str) -> str:
    """The page named by `next`, which is followed only within this site, or else `otherwise`."""
    asked = request.POST.get("next") or request.GET.get("next", "")
    is_inside = url_has_allowed_host_and_scheme(
        asked, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return asked if is_inside else otherwise


def halfway(request: HttpRequest) -> Halfway | None:
    """Who is to show a code in this session; None where nobody is, or they took too long."""
    kept = request.session.get(_HALFWAY)
    if kept is None or not 0 <= time.time() - kept["since"] <= _CODE_WITHIN:
        return None
    user = User.objects.filter(pk=kept["user"], is_active=True).first()
    is_same = user is not None and user.get_session_auth_hash() == kept["proof"]
    return Halfway(user, kept["address"]) if user and is_same else None


def enter_with_code(request: HttpRequest, person: Halfway) -> HttpResponse:
    """Let in whoever has shown the code as well."""
    del request.session[_HALFWAY]
    return _let_in(request, person.user, person.address)


def _let_in(
    request: HttpRequest, user: User, address: str, is_vouched: bool = False
) -> HttpResponse:
    login(request, user, backend=_BACKEND)
    request.session[second_factor.VOUCHED] = is_vouched
    response = HttpResponseRedirect(address)
    _remember_browser(request, response, user)
    return response


def _remember_browser(request: HttpRequest, response: HttpResponse, user: User) -> None:
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

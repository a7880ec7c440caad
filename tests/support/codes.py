"""Second factors of users in tests, and the codes that an app would show."""

import time
from typing import Any

from allauth.mfa.totp.internal import auth as totp
from django.test import Client

from accounts import second_factor

PERIOD = 30  # s


def code_of(secret: str, later: int = 0) -> str:
    """The code that an app shows now, or so many codes later."""
    counter = int(time.time()) // PERIOD + later
    return totp.format_hotp_value(totp.hotp_value(secret, counter))


def set_up(user: Any) -> tuple[str, list[str]]:
    """Give `user` a second factor: its secret and its recovery codes.

    The code that showed it is the one before the present, which can still be used.
    """
    secret = second_factor.new_secret()
    codes = second_factor.turn_on(user, secret, code_of(secret, -1))
    assert codes is not None
    return secret, codes


def is_signed_in(client: Client) -> bool:
    """Whether a page that everybody has opens."""
    return client.get("/account/").status_code == 200

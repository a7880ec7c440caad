"""The second factor: codes of an authenticator app, and recovery codes for when it is lost.

django-allauth keeps them and knows how they are made. That each is used once is decided here.
"""

import base64
import logging
import time
from functools import cache
from typing import Any

from allauth.mfa import app_settings
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal import auth as totp
from allauth.mfa.utils import decrypt
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac

from accounts.models import User
from energy.access import TECHNICIAN

VOUCHED = "second-factor-vouched"  # in a session: single sign-on has seen to it
_TOLERANCE = 1  # codes before and after the present one: clocks differ, and typing takes time
_MADE_LAST = "last_counter"

logger = logging.getLogger(__name__)


class OtherKey(Exception):
    """What is kept was encrypted by another SECRET_KEY."""


class EncryptingAdapter(DefaultMFAAdapter):
    """Keeps what codes are made of encrypted, so that a copy of the database makes no codes."""

    def encrypt(self, text: str) -> str:
        return _cipher(settings.SECRET_KEY).encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        from cryptography.fernet import InvalidToken

        try:
            return _cipher(settings.SECRET_KEY).decrypt(encrypted_text).decode()
        except InvalidToken:
            raise OtherKey from None

    def get_totp_label(self, user: Any) -> str:
        """The name that people sign in with, which the app shows beside the code."""
        return str(user.get_username())


@cache
def _cipher(secret_key: str) -> Any:
    from cryptography.fernet import Fernet  # It takes 8 MB, and many have no second factor.

    key = salted_hmac("accounts.second_factor", "", secret=secret_key, algorithm="sha256").digest()
    return Fernet(base64.urlsafe_b64encode(key))


def new_secret() -> str:
    """A secret for an authenticator app that is set up."""
    return totp.generate_totp_secret()


def app_address(user: User, secret: str) -> str:
    """The address that sets up an authenticator app on the same device."""
    return str(EncryptingAdapter().build_totp_url(user, secret))


def picture_of(user: User, secret: str) -> str:
    """The address of a picture (SVG) that sets up an authenticator app which sees it."""
    svg = EncryptingAdapter().build_totp_svg(app_address(user, secret))
    return f"data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode()}"


def turn_on(user: User, secret: str, code: str) -> list[str] | None:
    """Ask `user` for codes from now on, once one has shown that their app makes the right ones.

    Returns the recovery codes; None where the code is wrong, or there is a second factor already.
    All other sessions of the user end.
    """
    counter = _counter_of(secret, code)
    with transaction.atomic():
        person = User.objects.select_for_update().get(pk=user.pk)
        if counter is None or person.has_second_factor:
            return None
        app = totp.TOTP.activate(user, secret).instance
        app.data[_MADE_LAST] = counter
        app.save(update_fields=["data"])
        _mark(user, has_second_factor=True)
        return renew_recovery_codes(user)


def turn_off(user: User) -> None:
    """Ask `user` for their password alone from now on. All their sessions end."""
    with transaction.atomic():
        Authenticator.objects.filter(user=user).delete()
        _mark(user, has_second_factor=False)


def renew_recovery_codes(user: User) -> list[str]:
    """Make new recovery codes; the old ones end."""
    with transaction.atomic():
        Authenticator.objects.filter(user=user, type=Authenticator.Type.RECOVERY_CODES).delete()
        return RecoveryCodes.activate(user).generate_codes()


def recovery_codes_left(user: User) -> int:
    """How many recovery codes have not been used."""
    kept = Authenticator.objects.filter(user=user, type=Authenticator.Type.RECOVERY_CODES).first()
    used: int = kept.data["used_mask"].bit_count() if kept else app_settings.RECOVERY_CODE_COUNT
    return int(app_settings.RECOVERY_CODE_COUNT - used)


def accepts(user: User, code: str) -> bool:
    """Whether the code is one of `user` and was not used before; by this it is used."""
    with transaction.atomic():
        kept = Authenticator.objects.select_for_update().filter(user=user)
        try:
            return any(_USES[factor.type](factor, code) for factor in kept)
        except OtherKey:
            logger.error("SECRET_KEY was changed: %s has to set up a second factor anew", user)
            return False


def is_required_of(user: User) -> bool:
    """Whether `user` has to set up a second factor before they may do anything."""
    if not settings.SECOND_FACTOR_REQUIRED or user.has_second_factor:
        return False
    return user.is_staff or user.is_superuser or user.groups.filter(name=TECHNICIAN).exists()


def is_missing(request: HttpRequest) -> bool:
    """Whether the user of this session has to set up a second factor before anything else."""
    if not settings.SECOND_FACTOR_REQUIRED:
        return False
    user: User | AnonymousUser = request.user
    return isinstance(user, User) and not request.session.get(VOUCHED) and is_required_of(user)


def _mark(user: User, *, has_second_factor: bool) -> None:
    user.has_second_factor = has_second_factor
    user.second_factor_changed_at = timezone.now()
    user.save(update_fields=["has_second_factor", "second_factor_changed_at"])


def _use_app(app: Authenticator, code: str) -> bool:
    """Codes follow each other: none is taken that is not newer than the last one taken.

    A last one far ahead was taken when the clock was wrong, and means nothing.
    """
    counter, last = _counter_of(decrypt(app.data["secret"]), code), app.data.get(_MADE_LAST, 0)
    if counter is None or counter <= last <= _present_counter() + _TOLERANCE:
        return False
    app.data[_MADE_LAST], app.last_used_at = counter, timezone.now()
    app.save(update_fields=["data", "last_used_at"])
    return True


def _use_recovery_code(codes: Authenticator, code: str) -> bool:
    return bool(codes.wrap().validate_code(code))


_USES = {
    Authenticator.Type.TOTP: _use_app,
    Authenticator.Type.RECOVERY_CODES: _use_recovery_code,
}


def _counter_of(secret: str, code: str) -> int | None:
    """Which of the codes that the app may show now it is, counted through time."""
    typed = "".join(code.split())
    if not typed.isascii():
        return None
    for counter in range(_present_counter() - _TOLERANCE, _present_counter() + _TOLERANCE + 1):
        expected = totp.format_hotp_value(totp.hotp_value(secret, counter))
        if constant_time_compare(typed, expected):
            return counter
    return None


def _present_counter() -> int:
    return int(time.time()) // app_settings.TOTP_PERIOD

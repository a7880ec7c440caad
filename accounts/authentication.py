"""Sign-in by API token."""

from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone
from knox.auth import TokenAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

# One write a minute is enough to see on the account page whether a token is in use.
_USE_RECORDED_EVERY = timedelta(minutes=1)
_SCHEMES = ("token", "bearer")


class ApiTokenAuthentication(TokenAuthentication):
    """`Authorization: Token <key>`, or the same with `Bearer`."""

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        scheme, *keys = request.headers.get("Authorization", "").split() or [""]
        if scheme.lower() not in _SCHEMES:
            return None
        if len(keys) != 1 or not (keys[0].isascii() and keys[0].isprintable()):
            raise AuthenticationFailed("Invalid token.")
        return self.authenticate_credentials(keys[0].encode())

    def _cleanup_token(self, auth_token: Any) -> bool:
        """Whether the token has expired; the user's expired ones go when a use is recorded."""
        now = timezone.now()
        is_expired = auth_token.expiry is not None and auth_token.expiry < now
        if is_expired or _is_due(auth_token, now):
            return bool(super()._cleanup_token(auth_token))
        return False

    def validate_user(self, auth_token: Any) -> tuple[Any, Any]:
        user, token = super().validate_user(auth_token)
        now = timezone.now()
        if _is_due(token, now):
            type(token).objects.filter(pk=token.pk).update(last_used_at=now)
        return user, token


def _is_due(token: Any, now: datetime) -> bool:
    """Whether its use is to be recorded."""
    return token.last_used_at is None or now - token.last_used_at > _USE_RECORDED_EVERY

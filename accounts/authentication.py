"""Sign-in by API token."""

from datetime import timedelta
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

    def validate_user(self, auth_token: Any) -> tuple[Any, Any]:
        user, token = super().validate_user(auth_token)
        now = timezone.now()
        if token.last_used_at is None or now - token.last_used_at > _USE_RECORDED_EVERY:
            token.last_used_at = now
            token.save(update_fields=["last_used_at"])
        return user, token

"""Sign-in by API token."""

from typing import Any

from django.utils import timezone
from knox.auth import TokenAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from accounts.token_use import record_use

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
        """Whether the token has expired. None is deleted: the clock may be wrong."""
        return auth_token.expiry is not None and auth_token.expiry < timezone.now()

    def validate_user(self, auth_token: Any) -> tuple[Any, Any]:
        user, token = super().validate_user(auth_token)
        record_use(token, timezone.now())
        return user, token

"""Sign-in by API token."""

from datetime import timedelta
from typing import Any

from django.utils import timezone
from knox.auth import TokenAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

# One write a minute is enough to see on the account page whether a token is in use.
_USE_RECORDED_EVERY = timedelta(minutes=1)


class ApiTokenAuthentication(TokenAuthentication):
    """`Authorization: Token <key>`, or the same with `Bearer`."""

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        header = request.META.get("HTTP_AUTHORIZATION", "")
        scheme, _, key = header.partition(" ")
        if scheme.lower() == "bearer":
            request.META["HTTP_AUTHORIZATION"] = f"{self.authenticate_header(request)} {key}"
        if not header.isascii():
            raise AuthenticationFailed("Invalid token.")
        return super().authenticate(request)

    def validate_user(self, auth_token: Any) -> tuple[Any, Any]:
        user, token = super().validate_user(auth_token)
        now = timezone.now()
        if token.last_used_at is None or now - token.last_used_at > _USE_RECORDED_EVERY:
            token.last_used_at = now
            token.save(update_fields=["last_used_at"])
        return user, token

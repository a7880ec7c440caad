"""Sign-in to the API: by token, or by the session of the pages.

The scope of a token is checked here, and not in the permissions of views, so that no view can
forget it.
"""

from typing import Any

from django.urls import reverse
from django.utils import timezone
from knox.auth import TokenAuthentication
from rest_framework.authentication import SessionAuthentication
from rest_framework.exceptions import AuthenticationFailed, ErrorDetail, PermissionDenied
from rest_framework.request import Request

from accounts import second_factor
from accounts.scopes import check_scope
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
        user, token = self.authenticate_credentials(keys[0].encode())
        view = request.parser_context["view"]
        takes_readings = getattr(view, "takes_readings", False)
        check_scope(token, str(request.method), takes_readings=takes_readings)
        return user, token

    def _cleanup_token(self, auth_token: Any) -> bool:
        """Whether the token has expired. None is deleted: the clock may be wrong."""
        return auth_token.expiry is not None and auth_token.expiry < timezone.now()

    def validate_user(self, auth_token: Any) -> tuple[Any, Any]:
        user, token = super().validate_user(auth_token)
        record_use(token, timezone.now())
        return user, token


class WholeSessionAuthentication(SessionAuthentication):
    """The session of the pages, once its user has the second factor that is required of them."""

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        signed_in = super().authenticate(request)
        if signed_in is not None and second_factor.is_missing(request._request):
            raise set_up_first(request)
        return signed_in


def set_up_first(request: Request) -> PermissionDenied:
    """The refusal (403) for whoever has to set up a second factor before anything else."""
    where = request.build_absolute_uri(reverse("two-factor"))
    message = f"A second factor is required of you: sign in and set it up at {where}"
    return PermissionDenied(
        {"non_field_errors": [ErrorDetail(message, code="second_factor_required")]}
    )

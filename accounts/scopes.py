"""What an API token may be used for: its scope, and the Site that it may be bound to.

A session may do everything that its user may. A token may do no more than its user, and less by its
scope: `read` changes nothing at all, not even by signing itself out, and `ingest` only sends
readings, to views that declare `takes_readings`.
"""

from rest_framework.exceptions import PermissionDenied
from rest_framework.permissions import SAFE_METHODS

from accounts.models import ApiToken
from sites.models import Site


class OutOfScope(PermissionDenied):
    """The token is valid, but not for this request (HTTP 403)."""

    def __init__(self, reason: str) -> None:
        super().__init__({"non_field_errors": [reason]}, code="token_scope")


def check_scope(token: ApiToken, method: str, *, takes_readings: bool) -> None:
    """Raise OutOfScope unless the token may be used for a request with this HTTP method.

    `takes_readings` says that a POST to the address sends readings and does nothing else. A token
    that is bound to a Site is refused while its user does not see that Site.
    """
    if token.scope == ApiToken.Scope.READ and method not in SAFE_METHODS:
        raise OutOfScope("This token may only read.")
    if token.scope == ApiToken.Scope.INGEST:
        if not (takes_readings and method == "POST"):
            raise OutOfScope("This token may only send readings.")
        if token.site_id is not None and not _sees_its_site(token):
            raise OutOfScope("The user of this token no longer sees the Site it is bound to.")


def _sees_its_site(token: ApiToken) -> bool:
    return Site.objects.visible_to(token.user).filter(pk=token.site_id).exists()

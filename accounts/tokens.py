"""Creating API tokens and extending their life; pages, API and admin all do it here."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from knox.models import get_digest_token
from knox.settings import CONSTANTS

from accounts.models import ApiToken
from energy.errors import Conflict, DomainError, Forbidden
from sites.models import Site

USUAL_LIFE = timedelta(days=365)
LONGEST_LIFE = timedelta(days=3650)
SEND_READINGS = "history.add_reading"  # a permission; without it an ingest token could do nothing


@dataclass(frozen=True, slots=True)
class TokenPlan:
    """A token to be created. It expires after USUAL_LIFE unless `expires_at` is given."""

    name: str
    scope: str
    site: Site | None = None
    expires_at: datetime | None = None


def scopes_of(user: Any) -> list[ApiToken.Scope]:
    """The scopes that a token of `user` can have."""
    may_send = user.has_perm(SEND_READINGS)
    return [scope for scope in ApiToken.Scope if may_send or scope != ApiToken.Scope.INGEST]


def make_token(user: Any, plan: TokenPlan, now: datetime) -> tuple[ApiToken, str]:
    """Create a token of `user`; return it with its secret, of which only a hash is stored.

    Raises DomainError, naming the field, for a token that `user` may not have.
    """
    _check(user, plan)
    digest, secret = get_digest_token()
    token = ApiToken(
        digest=digest,
        token_key=secret[: CONSTANTS.TOKEN_KEY_LENGTH],
        user=user,
        name=plan.name,
        scope=plan.scope,
        site=plan.site,
        expiry=_within_life(plan.expires_at or now + USUAL_LIFE, now),
    )
    token.save(force_insert=True)
    return token, secret


def renew_token(token: ApiToken, expires_at: datetime | None, now: datetime) -> None:
    """Let the token expire at another time; its secret stays the same.

    Raises Conflict once the token has expired.
    """
    if token.has_expired(now):
        raise Conflict("This token has expired: make a new one.", code="expired")
    token.expiry = _within_life(expires_at or now + USUAL_LIFE, now)
    token.save(update_fields=["expiry"])


def _check(user: Any, plan: TokenPlan) -> None:
    if plan.scope not in scopes_of(user):
        raise Forbidden(
            "Who may not send readings can have no token that does.",
            code="not_permitted",
            field="scope",
        )
    if plan.site is None:
        return
    if plan.scope != ApiToken.Scope.INGEST:
        raise DomainError(
            "Only a token that sends readings is bound to a Site.", code="not_ingest", field="site"
        )
    if not Site.objects.visible_to(user).filter(pk=plan.site.pk).exists():
        raise DomainError("There is no such Site.", code="does_not_exist", field="site")


def _within_life(expires_at: datetime, now: datetime) -> datetime:
    if not now < expires_at <= now + LONGEST_LIFE:
        raise DomainError(
            f"A token expires in the future, within {LONGEST_LIFE.days:,} days.",
            code="out_of_range",
            field="expires_at",
        )
    return expires_at

"""Single sign-on: who of the people here somebody is whom the OpenID Connect provider knows.

Somebody is known by the provider's own identifier (issuer and subject), which is linked to an
account when they first arrive. That takes an e-mail address that the provider has verified and that
exactly one account here has: people cannot change it here, so it is what an administrator wrote.
A user name is never enough, because most providers let people choose theirs.
"""

import logging
from typing import Any

from allauth.account.adapter import get_adapter as get_account_adapter
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialAccount
from allauth.socialaccount.providers.base.constants import AuthError
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.models import Group
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render, resolve_url

from accounts.models import User
from accounts.sign_in import enter
from energy.access import STANDARD, TECHNICIAN
from energy.errors import DomainError

AWAY, FAILED, REFUSED = 503, 400, 403  # statuses
_BACK_IN = 30  # s
_LONGEST_NAME = 150

logger = logging.getLogger(__name__)


class Stranger(DomainError):
    """Somebody whom the provider knows and who may not enter here (HTTP 403)."""

    status = REFUSED


class Arrivals(DefaultSocialAccountAdapter):
    """Where django-allauth hands over whoever comes back from the provider, or says why not.

    Everything is answered here, so that none of its own pages is ever needed.
    """

    def pre_social_login(self, request: HttpRequest, sociallogin: Any) -> None:
        """Let in the person whom the provider names, as far as it goes without a second factor."""
        try:
            user = person_of(sociallogin.account, sociallogin.answers)
        except Stranger as refusal:
            raise ImmediateHttpResponse(refused(request, refusal.message, REFUSED)) from None
        except IntegrityError:
            message = "Somebody signed in as you at the same moment."
            raise ImmediateHttpResponse(refused(request, message, FAILED)) from None
        address = sociallogin.state.get("next") or resolve_url(settings.LOGIN_REDIRECT_URL)
        vouched = is_vouched(sociallogin.answers)
        raise ImmediateHttpResponse(enter(request, user, address, is_vouched=vouched))

    def populate_user(self, request: HttpRequest, sociallogin: Any, data: Any) -> Any:
        """Make no user of what the provider says: see `person_of`."""
        return sociallogin.user

    def on_authentication_error(
        self,
        request: HttpRequest,
        provider: Any,
        error: Any = None,
        exception: Exception | None = None,
        extra_context: Any = None,
    ) -> None:
        """Say what happened, on a page of the project."""
        if error == AuthError.CANCELLED:
            messages.info(request, f"You did not sign in with {settings.OIDC.name}.")
            raise ImmediateHttpResponse(HttpResponseRedirect(resolve_url("login")))
        raise ImmediateHttpResponse(failed(request, exception))


def failed(request: HttpRequest, fault: Exception | None) -> HttpResponse:
    """The answer where the provider is away, or something in between went wrong."""
    name = settings.OIDC.name
    if isinstance(fault, OSError):  # as all that the library for HTTP raises
        logger.warning("The OpenID Connect provider is away: %s", fault)
        return refused(request, f"{name} does not answer now.", AWAY, _BACK_IN)
    if fault is not None:
        logger.error("The OpenID Connect provider's answer is no use", exc_info=fault)
        return refused(request, f"What {name} answered was not understood.", FAILED)
    return refused(
        request, f"Signing in with {name} took too long, or was begun elsewhere.", FAILED
    )


def refused(
    request: HttpRequest, message: str, status: int, retry_after: int | None = None
) -> HttpResponse:
    """A page that says why nobody was let in, and what else there is to do."""
    page = render(request, "accounts/not_signed_in.html", {"message": message}, status=status)
    if retry_after is not None:
        page["Retry-After"] = str(retry_after)
    return page


def person_of(account: SocialAccount, answers: dict[str, Any]) -> User:
    """The user that an account at the provider is of; Stranger where it is nobody's.

    Where the settings say so, the provider also decides the user's role, each time anew.
    """
    claims = {**answers["id_token"], **answers.get("userinfo", {})}
    with transaction.atomic():
        user: User = account.user if account.pk else _arrival(claims)
        if not user.is_active:
            raise Stranger("Your account here has been deactivated.")
        if settings.OIDC.decides_roles and not user.is_superuser:
            _give_role(user, _groups(claims))
        if not account.pk:
            account.user = user
            account.save()
            logger.info("%s is linked to %s of %s", user, account.uid, account.provider)
    return user


def is_vouched(answers: dict[str, Any]) -> bool:
    """Whether the provider has seen a second factor: as the settings say, or by RFC 8176."""
    methods = answers["id_token"].get("amr")
    return settings.OIDC.vouches_second_factor or (isinstance(methods, list) and "mfa" in methods)


def _arrival(claims: dict[str, Any]) -> User:
    """The user of somebody who comes for the first time: found by address, or made."""
    address = _verified_address(claims)
    people = _people_with(address) if address else []
    if len(people) > 1:
        raise Stranger("Several accounts here have your e-mail address.")
    if people:
        return people[0]
    if settings.OIDC.creates_users:
        return _made(claims, address)
    if not address:
        raise Stranger(f"{settings.OIDC.name} does not say that your e-mail address is verified.")
    raise Stranger("No account here has your e-mail address.")


def _verified_address(claims: dict[str, Any]) -> str:
    """The e-mail address, where the provider says that it is the person's; else nothing."""
    is_verified = claims.get("email_verified") in (True, "true")  # Some send it as a text.
    return _text(claims, "email") if is_verified else ""


def _people_with(address: str) -> list[User]:
    """Whose e-mail address it is, small and capital letters alike.

    Compared once more here, because a database may take other letters for the same, too.
    """
    found = User.objects.filter(email__iexact=address)
    return [user for user in found if user.email.casefold() == address.casefold()]


def _made(claims: dict[str, Any], address: str) -> User:
    """A new user without a password, who sees nothing until Sites are assigned to them."""
    wanted = [_text(claims, "preferred_username"), address, "user"]
    user = User(
        username=get_account_adapter().generate_unique_username(wanted),
        email=address,
        first_name=_text(claims, "given_name"),
        last_name=_text(claims, "family_name"),
    )
    user.set_unusable_password()
    user.save()
    if not settings.OIDC.decides_roles:
        user.groups.add(Group.objects.get(name=STANDARD))
    return user


def _give_role(user: User, named: set[str]) -> None:
    """Put the user into the group that theirs at the provider stand for, and no other role's."""
    if named & settings.OIDC.technician_groups:
        role = TECHNICIAN
    elif named & settings.OIDC.standard_groups:
        role = STANDARD
    else:
        raise Stranger(f"None of your groups at {settings.OIDC.name} has a role here.")
    held = user.groups.filter(name__in=(TECHNICIAN, STANDARD))
    user.groups.remove(*held.exclude(name=role))
    user.groups.add(Group.objects.get(name=role))


def _groups(claims: dict[str, Any]) -> set[str]:
    named = claims.get(settings.OIDC.role_claim)
    if isinstance(named, str):
        return {named}
    return {each for each in named if isinstance(each, str)} if isinstance(named, list) else set()


def _text(claims: dict[str, Any], name: str) -> str:
    value = claims.get(name)
    return value.replace("\0", "")[:_LONGEST_NAME] if isinstance(value, str) else ""

"""The conversation with the OpenID Connect provider of the settings.

It is imported only when somebody signs in this way, because what it needs takes several megabytes.
"""

from collections.abc import Callable
from typing import Any

from allauth.socialaccount.models import SocialApp
from allauth.socialaccount.providers.base.constants import AuthProcess
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from accounts.single_sign_on import failed

# What a provider's answer may lead to that is none; those of the network are OSErrors.
_FAULTS = (
    OSError,
    OAuth2Error,
    ImproperlyConfigured,  # for a subject that is longer than what is kept
    LookupError,
    TypeError,
    ValueError,
    AttributeError,
)


class SingleSignOnProvider(OpenIDConnectProvider):
    """The provider that the settings name."""

    def get_oauth2_adapter(self, request: HttpRequest) -> "ProviderConversation":
        return ProviderConversation(request)

    def extract_extra_data(self, data: Any) -> dict[str, Any]:
        """Nothing: what the provider says is used when somebody comes, and not kept."""
        return {}

    def sociallogin_from_response(self, request: HttpRequest, response: Any) -> Any:
        arrived = super().sociallogin_from_response(request, response)
        arrived.answers = response
        return arrived


class ProviderConversation(OpenIDConnectOAuth2Adapter):
    """Talks to the provider."""

    def __init__(self, request: HttpRequest) -> None:
        super().__init__(request, settings.OIDC.issuer)

    def get_provider(self) -> SingleSignOnProvider:
        return SingleSignOnProvider(self.request, app=_app())

    def get_callback_url(self, request: HttpRequest, app: Any) -> str:
        """The one address that has to be registered with the provider."""
        return request.build_absolute_uri(reverse("single-sign-on-callback"))

    def complete_login(self, request: HttpRequest, app: Any, token: Any, **kwargs: Any) -> Any:
        """Read who it is; answers of the provider that contradict each other name nobody."""
        arrived = super().complete_login(request, app, token, **kwargs)
        if "id_token" not in arrived.answers:
            raise OAuth2Error("The provider sent no ID token.")
        if any(answer["sub"] != arrived.account.uid for answer in arrived.answers.values()):
            raise OAuth2Error("The ID token and the user info are about different people.")
        return arrived


def begin(request: HttpRequest, address: str) -> HttpResponse:
    """Lead to the provider, and keep where to go afterwards."""
    provider = ProviderConversation(request).get_provider()
    return _answered(
        request, lambda: provider.redirect(request, AuthProcess.LOGIN, next_url=address)
    )


def finish(request: HttpRequest) -> HttpResponse:
    """Ask the provider who has come back from it: see `accounts.single_sign_on.Arrivals`."""
    view = OAuth2CallbackView.adapter_view(ProviderConversation(request))
    return _answered(request, lambda: view(request))


def _answered(request: HttpRequest, step: Callable[[], HttpResponse]) -> HttpResponse:
    try:
        return step()
    except _FAULTS as fault:
        return failed(request, fault)


def _app() -> SocialApp:
    """The provider in the words of django-allauth, which nothing is stored of.

    Accounts are told apart by `provider_id`. It is the issuer, so that after a change of the issuer
    nobody is taken for the person that another provider knew by the same subject.
    """
    provider = settings.OIDC
    return SocialApp(
        provider=SingleSignOnProvider.id,
        provider_id=provider.issuer,
        name=provider.name,
        client_id=provider.client_id,
        secret=provider.client_secret,
        settings={
            "server_url": provider.issuer,
            "scope": list(provider.scopes),
            "oauth_pkce_enabled": True,
        },
    )

"""The OpenID Connect provider as django-allauth wants it: it looks for this module by its name."""

from typing import Any

from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.http import HttpRequest
from django.urls import reverse

from energy.oidc import PROVIDER_TYPE


class ProviderConversation(OpenIDConnectOAuth2Adapter):
    """Talks to the provider."""

    def get_callback_url(self, request: HttpRequest, app: Any) -> str:
        """The one address that has to be registered with the provider."""
        return request.build_absolute_uri(reverse("single-sign-on-callback"))

    def complete_login(self, request: HttpRequest, app: Any, token: Any, **kwargs: Any) -> Any:
        """Read who it is; what answers of the provider contradict each other name nobody."""
        arrived = super().complete_login(request, app, token, **kwargs)
        answers = arrived.account.extra_data
        if "id_token" not in answers:
            raise OAuth2Error("The provider sent no ID token.")
        if any(answer["sub"] != arrived.account.uid for answer in answers.values()):
            raise OAuth2Error("The ID token and the user info are about different people.")
        return arrived


class SingleSignOnProvider(OpenIDConnectProvider):
    """The provider that the settings name."""

    id = PROVIDER_TYPE
    oauth2_adapter_class = ProviderConversation


provider_classes = [SingleSignOnProvider]

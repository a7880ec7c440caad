"""An OpenID Connect provider on this machine, and people who sign in with it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any
from unittest.mock import patch
from urllib.parse import quote, urlsplit

import requests
from django.test import Client
from oidc_provider_mock import run_server_in_thread

from energy.oidc import OpenIDProvider

_WITHIN = 10  # s


@dataclass(frozen=True)
class Provider:
    """A running provider, and the settings that name it."""

    issuer: str
    settings: Any

    def configure(self, **more: Any) -> None:
        """Let the settings name the provider."""
        usual = OpenIDProvider(self.issuer, "energy", "a secret of the client", "Acme Login")
        self.settings.OIDC = replace(usual, **more)

    def knows(self, subject: str, **claims: Any) -> str:
        """Have the provider know somebody; returns their subject."""
        address = f"{self.issuer}/users/{quote(subject)}"
        requests.put(address, json=claims, timeout=_WITHIN).raise_for_status()
        return subject

    def authorise(self, address: str, subject: str, *, action: str = "authorize") -> str:
        """Sign in at the provider, where a browser was led to; returns where it leads back."""
        form = {"sub": subject, "action": action}
        answer = requests.post(address, data=form, allow_redirects=False, timeout=_WITHIN)
        assert answer.status_code == 302, answer.text
        return answer.headers["Location"]

    def sign_in(self, browser: Client, subject: str, after: str = "") -> Any:
        """The answer to whoever came back from the provider."""
        begun = browser.get("/login/sso/", {"next": after} if after else {})
        return browser.get(path_of(self.authorise(begun.url, subject)))


def path_of(address: str) -> str:
    """What of an address the test client takes."""
    parts = urlsplit(address)
    assert parts.netloc == "testserver"
    return f"{parts.path}?{parts.query}"


@contextmanager
def running_provider() -> Iterator[str]:
    """The address of a provider that knows nobody, on a free port; it speaks without TLS."""
    with (
        patch.dict("os.environ", AUTHLIB_INSECURE_TRANSPORT="1"),
        run_server_in_thread() as server,
    ):
        yield f"http://localhost:{server.server_port}"

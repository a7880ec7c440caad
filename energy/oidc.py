"""The OpenID Connect provider that people may sign in with, as the settings name it."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_LONGEST_ISSUER = 200  # characters: with each account it is kept whose provider named it


@dataclass(frozen=True)
class OpenIDProvider:
    """Who says who somebody is, and what is made of it; an empty issuer is none."""

    issuer: str = ""
    client_id: str = ""
    client_secret: str = ""
    name: str = "single sign-on"
    scopes: tuple[str, ...] = ("openid", "profile", "email")
    creates_users: bool = False
    role_claim: str = "groups"
    technician_groups: frozenset[str] = frozenset()
    standard_groups: frozenset[str] = frozenset()
    vouches_second_factor: bool = False

    def __post_init__(self) -> None:
        """Refuse what would work only in part, or without encryption."""
        if not self.issuer:
            return
        address = urlsplit(self.issuer)
        is_safe = address.scheme == "https" or address.hostname in _LOOPBACK
        if not (is_safe and address.hostname and len(self.issuer) <= _LONGEST_ISSUER):
            raise ImproperlyConfigured("OIDC_ISSUER must be an https:// address.")
        if not self.client_id:
            raise ImproperlyConfigured("OIDC_ISSUER is set: set OIDC_CLIENT_ID too.")
        if "openid" not in self.scopes:
            raise ImproperlyConfigured("OIDC_SCOPES must have openid among them.")

    @property
    def decides_roles(self) -> bool:
        """Whether the groups that the provider names decide who is a technician."""
        return bool(self.technician_groups or self.standard_groups)


def read(env: Any) -> OpenIDProvider:
    """The provider of the environment."""
    usual = OpenIDProvider()
    return OpenIDProvider(
        issuer=env.str("OIDC_ISSUER", default=usual.issuer).rstrip("/"),
        client_id=env.str("OIDC_CLIENT_ID", default=usual.client_id),
        client_secret=env.str("OIDC_CLIENT_SECRET", default=usual.client_secret),
        name=env.str("OIDC_NAME", default=usual.name),
        scopes=tuple(env.str("OIDC_SCOPES", default=" ".join(usual.scopes)).split()),
        creates_users=env.bool("OIDC_CREATE_USERS", default=usual.creates_users),
        role_claim=env.str("OIDC_ROLE_CLAIM", default=usual.role_claim),
        technician_groups=frozenset(env.list("OIDC_TECHNICIAN_GROUPS", default=[])),
        standard_groups=frozenset(env.list("OIDC_STANDARD_GROUPS", default=[])),
        vouches_second_factor=env.bool(
            "OIDC_VOUCHES_SECOND_FACTOR", default=usual.vouches_second_factor
        ),
    )

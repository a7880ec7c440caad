"""People, their API tokens, and how often signing in was tried."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from django.contrib.auth.models import AbstractUser
from django.db import models, transaction
from django.utils.crypto import salted_hmac
from knox.models import AbstractAuthToken, AuthTokenManager

from accounts.querysets import People, TokenQuerySet
from energy.saving import WholeSaveMixin
from sites.models import Site
from sites.time_zones import validate_time_zone

ENDS_SOON = timedelta(days=7)


class User(WholeSaveMixin, AbstractUser):
    """A person; what they see follows from their Site assignments, what they may do from groups."""

    class Clock(models.TextChoices):
        """Whose time zone the pages show."""

        SITE = "site", "The Site's"
        OWN = "own", "Mine"
        UTC = "utc", "UTC"

    class Units(models.TextChoices):
        """How power and energy are scaled on pages; the API is always in base units."""

        SCALED = "scaled", "Scaled to the value (W, kW, MW)"
        KILO = "kilo", "Always kW and kWh"

    class Theme(models.TextChoices):
        """The colour scheme of the pages."""

        AUTO = "auto", "As the device"
        LIGHT = "light", "Light"
        DARK = "dark", "Dark"

    time_zone = models.CharField(
        max_length=64,
        default="UTC",
        validators=[validate_time_zone],
        help_text="IANA name, such as Europe/Amsterdam.",
    )
    clock = models.CharField(max_length=4, choices=Clock, default=Clock.SITE)
    units = models.CharField(max_length=6, choices=Units, default=Units.SCALED)
    theme = models.CharField(max_length=5, choices=Theme, default=Theme.AUTO)
    # Set by `accounts.second_factor` alone.
    has_second_factor = models.BooleanField("two-factor sign-in", default=False, editable=False)
    second_factor_changed_at = models.DateTimeField(null=True, editable=False)

    objects: ClassVar[People] = People()
    # Set before saving a new password: whether the API tokens outlive the old one.
    keeps_tokens = False

    def set_unusable_password(self) -> None:
        """Take the password away, which is a change of it like any other."""
        super().set_unusable_password()
        self._password = ""

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Store the user; with a new password also end their API tokens, unless these are kept.

        Sessions end by themselves, because Django ties each to the password it was made with.
        """
        # Django keeps a new password here until it is stored, and None when it only renews a hash.
        has_new_password = self._password is not None and not self._state.adding
        with transaction.atomic():
            super().save(*args, **kwargs)
            if has_new_password and not self.keeps_tokens:
                ApiToken.objects.filter(user=self).delete()

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        """What sessions are tied to: beside the password, when the second factor was last changed.

        So turning it on ends every session that was signed in without it, and turning it off those
        that were signed in with what may be in other hands.
        """
        of_password: str = super()._get_session_auth_hash(secret)  # type: ignore[misc]
        if self.second_factor_changed_at is None:
            return of_password
        changed_at = self.second_factor_changed_at.isoformat()
        changed = f"{of_password} {self.has_second_factor} {changed_at}"
        return salted_hmac(
            "accounts.session", changed, secret=secret, algorithm="sha256"
        ).hexdigest()

    def zone_for(self, sites: Iterable[Site]) -> ZoneInfo:
        """The zone that pages about `sites` show times in: the Site's, the user's own or UTC.

        Where the Sites lie in different zones, "the Site's" is no answer and the user's own is
        used.
        """
        if self.clock == self.Clock.UTC:
            return ZoneInfo("UTC")
        zones = {site.time_zone for site in sites}
        if self.clock == self.Clock.SITE and len(zones) == 1:
            return ZoneInfo(zones.pop())
        return ZoneInfo(self.time_zone)


class ApiToken(WholeSaveMixin, AbstractAuthToken):
    """An API token: stored hashed, expiring, revoked one by one.

    What its user may do, it may within its `scope`; one that only sends readings may be bound to a
    `site`, and then sends those of that Site alone.
    """

    class Scope(models.TextChoices):
        """What a token may be used for."""

        FULL = "full", "All that you may do"
        READ = "read", "Reading"
        INGEST = "ingest", "Sending readings"

    name = models.CharField(max_length=80, default="Sign-in through the API")
    scope = models.CharField(max_length=6, choices=Scope, default=Scope.FULL)
    site = models.ForeignKey(
        Site, on_delete=models.CASCADE, null=True, blank=True, related_name="tokens"
    )
    last_used_at = models.DateTimeField(null=True, editable=False)

    objects = AuthTokenManager.from_queryset(TokenQuerySet)()

    class Meta(AbstractAuthToken.Meta):
        abstract = False
        ordering = ("-created", "pk")
        constraints = (
            models.CheckConstraint(
                condition=models.Q(site=None) | models.Q(scope="ingest"),
                name="only_tokens_that_send_readings_have_a_site",
            ),
        )

    def __str__(self) -> str:
        return self.name

    def has_expired(self, now: datetime) -> bool:
        """Whether the token no longer works."""
        return self.expiry is not None and self.expiry <= now

    def ends_soon(self, now: datetime) -> bool:
        """Whether the token still works but ends so soon that its owner should know."""
        return self.expiry is not None and now < self.expiry <= now + ENDS_SOON


class SignInCount(models.Model):
    """How often somebody tried, or failed, to sign in: see `accounts.throttling`.

    `not_before`: the next try is refused until then. `forget_at`: the count means nothing from then
    on.
    """

    key = models.CharField(max_length=64, primary_key=True)
    count = models.PositiveIntegerField(default=0)
    not_before = models.DateTimeField(null=True)
    forget_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"{self.count} until {self.forget_at}"

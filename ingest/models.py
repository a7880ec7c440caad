"""Names from outside: aliases of Metrics, names that nothing maps, and what waits for these."""

import sys
from typing import Any, ClassVar

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.urls import reverse

from devices.models import Device
from energy.fields import InstantField
from energy.saving import WholeSaveMixin
from ingest.names import MAX_NAME
from ingest.querysets import AliasQuerySet, DiscoveredQuerySet, ImportQuerySet
from metrics.models import FINITE, Metric
from sites.models import Site

MAX_SOURCE = 80  # characters, as many as the name of a token may have


class Named(models.Model):
    """A name from outside, which means something to whom it belongs, and from its source.

    It belongs to the Site that its senders are bound to, else to the user who sends; what the
    operator's own processes bring belongs to neither.
    """

    site = models.ForeignKey(
        Site, on_delete=models.CASCADE, null=True, blank=True, related_name="%(class)s_names"
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="%(class)s_names",
    )
    source = models.CharField(
        max_length=MAX_SOURCE,
        blank=True,
        help_text="By which way it comes: the name of a token, mqtt, or file.",
    )
    name = models.CharField(max_length=MAX_NAME, help_text="As it is sent, to the letter.")

    class Meta:
        abstract = True
        # To a database nothing is equal to null: each of the three sees the rows of its own kind.
        constraints: ClassVar[Any] = (
            models.UniqueConstraint(
                fields=("site", "source", "name"), name="%(class)s_unique_in_site"
            ),
            models.UniqueConstraint(
                fields=("owner", "source", "name"), name="%(class)s_unique_of_owner"
            ),
            models.UniqueConstraint(
                fields=("source", "name"),
                condition=Q(site=None, owner=None),
                name="%(class)s_unique_of_operator",
            ),
            models.CheckConstraint(
                condition=Q(site=None) | Q(owner=None), name="%(class)s_belongs_to_one"
            ),
            models.CheckConstraint(condition=~Q(name=""), name="%(class)s_has_name"),
        )

    def __str__(self) -> str:
        return self.name


class Alias(WholeSaveMixin, Named):
    """Says which Metric a name from outside stands for.

    A value that comes under the name is stored multiplied by `factor` and `sign`.
    """

    class Sign(models.IntegerChoices):
        """Whether values keep their direction."""

        KEPT = 1, "As it comes"
        TURNED = -1, "Turned round"

    metric = models.ForeignKey(Metric, on_delete=models.CASCADE, related_name="aliases")
    factor = models.FloatField(
        default=1.0,
        validators=[
            MinValueValidator(sys.float_info.min, "A factor is greater than 0."),
            MaxValueValidator(sys.float_info.max),
        ],
        help_text="What each value is multiplied by: 1000 from kW to W.",
    )
    sign = models.SmallIntegerField(choices=Sign, default=Sign.KEPT)

    objects = AliasQuerySet.as_manager()

    class Meta(Named.Meta):
        abstract = False
        verbose_name_plural = "aliases"
        ordering = ("source", "name", "pk")
        constraints: ClassVar[Any] = (
            *Named.Meta.constraints,
            models.CheckConstraint(
                condition=Q(factor__gt=0, factor__lte=FINITE[1]), name="alias_factor_above_zero"
            ),
            models.CheckConstraint(condition=Q(sign__in=(1, -1)), name="alias_sign_is_known"),
        )

    @property
    def scale(self) -> float:
        """What a value is multiplied by in all."""
        return self.factor * self.sign


class Discovered(Named):
    """A name that nothing maps: what is known of it, and how much of it waits for a Metric.

    Of `count` readings that came, `waiting` are kept in batches; `dropped` were let go, because
    more came than may wait. `latest_value` was measured at `latest_at`, which is the newest so far.
    Times seen are those of arrival. Unit, type and names are guesses, "" where there is none.
    """

    class Standing(models.TextChoices):
        """What somebody has decided about the name."""

        WAITING = "waiting", "Waiting"
        IGNORED = "ignored", "Ignored"

    unit = models.CharField(max_length=16, blank=True)
    type = models.CharField(max_length=8, blank=True)
    friendly_name = models.CharField(max_length=120, blank=True)
    device_name = models.CharField(max_length=120, blank=True)
    count = models.BigIntegerField(default=0)
    waiting = models.IntegerField(default=0)
    dropped = models.BigIntegerField(default=0)
    first_seen = InstantField()
    last_seen = InstantField()
    latest_value = models.FloatField(null=True)
    latest_at = InstantField(null=True)
    is_ignored = models.BooleanField(default=False)

    objects = DiscoveredQuerySet.as_manager()

    class Meta(Named.Meta):
        abstract = False
        verbose_name = "discovered name"
        ordering = ("-last_seen", "pk")

    def get_absolute_url(self) -> str:
        return f"{reverse('discovered-list')}?accept={self.pk}#name-{self.pk}"

    @property
    def state(self) -> str:
        """Whether it waits or is ignored."""
        return self.Standing.IGNORED if self.is_ignored else self.Standing.WAITING

    @property
    def interval(self) -> float | None:
        """Seconds between readings, on average since the first; None where there is no telling."""
        seconds = (self.last_seen - self.first_seen).total_seconds()
        return seconds / (self.count - 1) if seconds and self.count > 1 else None


class WaitingReadings(models.Model):
    """The readings of one name that one request brought: `n` of them, as arrays of 8 bytes each.

    A row for each reading would take four times the space, and as many times the work as a request
    has readings of the name.
    """

    discovered = models.ForeignKey(Discovered, on_delete=models.CASCADE, related_name="batches")
    received_at = InstantField(db_index=True)
    n = models.IntegerField()
    times = models.BinaryField()
    vals = models.BinaryField()

    def __str__(self) -> str:
        return f"{self.n} readings that wait"


class Import(models.Model):
    """A file of readings that somebody brings: what it was taken for, and how far it is stored.

    `asked` is what they have said about it (`ingest.layouts.understood.Asked`) and `wishes` where
    columns are to go; `understood` is what it was taken for, empty where it was not understood, and
    `targets` what was decided when it was started. `blocks` are done, each in the transaction that
    stored it. Of what was refused the first rows are kept.
    """

    class State(models.TextChoices):
        """How far it has come."""

        UNDERSTOOD = "understood", "Understood"
        RUNNING = "running", "Running"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="imports"
    )
    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="imports")
    device = models.ForeignKey(
        Device, on_delete=models.CASCADE, null=True, blank=True, related_name="imports"
    )
    file_name = models.CharField(max_length=255)
    state = models.CharField(max_length=10, choices=State)
    dry_run = models.BooleanField(default=False)
    asked = models.JSONField(default=dict)
    wishes = models.JSONField(default=list)
    understood = models.JSONField(default=dict)
    targets = models.JSONField(default=list)
    failure = models.JSONField(default=dict)
    blocks = models.IntegerField(default=0)
    rows = models.BigIntegerField(default=0)
    accepted = models.BigIntegerField(default=0)
    refused_count = models.BigIntegerField(default=0)
    refused = models.JSONField(default=list)
    attempts = models.IntegerField(default=0)
    created_at = InstantField()
    touched_at = InstantField(db_index=True)

    objects = ImportQuerySet.as_manager()

    class Meta:
        ordering = ("-pk",)
        constraints: ClassVar[Any] = (
            models.CheckConstraint(
                condition=Q(state__in=("understood", "running", "done", "failed")),
                name="import_state_is_known",
            ),
        )

    def __str__(self) -> str:
        return self.file_name

    def get_absolute_url(self) -> str:
        return reverse("import-detail", args=[self.pk])

    @property
    def is_open(self) -> bool:
        """Whether what the file was taken for may still be corrected: it was not started yet."""
        return self.state in (self.State.UNDERSTOOD, self.State.FAILED) and not self.targets

    @property
    def progress(self) -> float:
        """The share of the rows that are done."""
        if self.state == self.State.DONE:
            return 1.0
        rows = self.understood.get("rows", 0)
        return round(min(1.0, self.rows / rows), 4) if rows else 0.0


class ImportContent(models.Model):
    """The file of an import, compressed, for as long as it may still be needed.

    In the database, because web and worker may run on different machines.
    """

    of = models.OneToOneField(
        Import, on_delete=models.CASCADE, related_name="content", primary_key=True
    )
    content = models.BinaryField()

    def __str__(self) -> str:
        return f"the file of import {self.pk}"

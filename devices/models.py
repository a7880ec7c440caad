"""Device: a piece of equipment on a Site, of one kind."""

from typing import TYPE_CHECKING, Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models, transaction
from django.db.models import Q
from django.urls import reverse
from django.utils.text import slugify

from devices.kinds import DeviceKind, DeviceStatus
from devices.querysets import DeviceQuerySet
from energy.constraints import UniqueWithin
from sites.models import Site

if TYPE_CHECKING:
    from collections.abc import Sequence

MAX_RATED_POWER = 1e12  # W; a thousand of the largest power stations


class Device(models.Model):
    """A piece of equipment on a Site. Its slug is its name for programs and never changes."""

    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="devices")
    name = models.CharField(max_length=120)
    slug = models.SlugField(max_length=120, editable=False)
    kind = models.CharField(max_length=20, choices=DeviceKind)
    status = models.CharField(
        max_length=12, choices=DeviceStatus, default=DeviceStatus.ACTIVE, db_index=True
    )
    manufacturer = models.CharField(max_length=120, blank=True)
    model = models.CharField(max_length=120, blank=True)
    serial_number = models.CharField(max_length=120, blank=True)
    rated_power = models.FloatField(
        null=True,
        blank=True,
        validators=[MinValueValidator(0), MaxValueValidator(MAX_RATED_POWER)],
        help_text="In watts.",
    )
    notes = models.TextField(blank=True, max_length=10_000)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = DeviceQuerySet.as_manager()

    # The Metrics (`metrics.vocabulary.MetricSpec`) to create with a new Device. None stands for the
    # headline of its kind. Empty means that the caller adds them in the same transaction.
    named_metrics: "Sequence[Any] | None" = None

    class Meta:
        ordering = ("name", "pk")
        constraints = (
            UniqueWithin(
                fields=("site", "name"),
                name="device_name_unique_in_site",
                violation_error_message="This Site already has a Device of that name.",
            ),
            UniqueWithin(
                fields=("site", "slug"),
                name="device_slug_unique_in_site",
                violation_error_message="That Site already has a Device with the slug %%(slug)s.",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=DeviceKind.values), name="device_kind_is_known"
            ),
            models.CheckConstraint(
                condition=Q(status__in=DeviceStatus.values), name="device_status_is_known"
            ),
            models.CheckConstraint(condition=~Q(slug=""), name="device_has_slug"),
            models.CheckConstraint(
                condition=Q(rated_power__isnull=True) | Q(rated_power__range=(0, MAX_RATED_POWER)),
                name="device_rated_power_is_plausible",
            ),
        )

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save; a new Device gets a slug, and its Metrics in the same transaction."""
        with transaction.atomic():
            if not self.slug:
                self.slug = self._free_slug()
            super().save(*args, **kwargs)

    def get_absolute_url(self) -> str:
        return reverse("device-detail", args=[self.pk])

    def _free_slug(self) -> str:
        stem = slugify(self.name)[:110] or self.kind.replace("_", "-")
        similar = Device.objects.filter(site=self.site, slug__startswith=stem)
        taken = set(similar.values_list("slug", flat=True))
        candidates = (stem, *(f"{stem}-{n}" for n in range(2, len(taken) + 3)))
        return next(slug for slug in candidates if slug not in taken)

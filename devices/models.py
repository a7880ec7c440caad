"""Device: a piece of equipment on a Site, of one kind."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models, transaction
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.text import slugify

from devices.kinds import DeviceKind, DeviceStatus
from devices.querysets import DeviceQuerySet
from energy.constraints import UniqueWithin
from sites.models import Site

if TYPE_CHECKING:
    from collections.abc import Sequence

MAX_RATED_POWER = 1e12  # W; a thousand of the largest power stations
SERVICE_YEARS = range(1900, 2201)  # those that history is asked for in


def validate_service_time(moment: datetime) -> None:
    """Refuse years in which no equipment is in service, such as 0001 and 9999."""
    if moment.year not in SERVICE_YEARS:
        message = f"Between the years {SERVICE_YEARS[0]} and {SERVICE_YEARS[-1]}."
        raise ValidationError(message, code="out_of_range")


class Device(models.Model):
    """A piece of equipment on a Site. Its slug is its name for programs and never changes."""

    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="devices")
    name = models.CharField(max_length=120)
    slug = models.SlugField(max_length=120, editable=False)
    kind = models.CharField(max_length=20, choices=DeviceKind)
    status = models.CharField(
        max_length=12, choices=DeviceStatus, default=DeviceStatus.ACTIVE, db_index=True
    )
    in_service_from = models.DateTimeField(
        null=True,
        blank=True,
        validators=[validate_service_time],
        help_text="From its first reading on, where none is given.",
    )
    retired_at = models.DateTimeField(
        null=True,
        blank=True,
        validators=[validate_service_time],
        help_text="When its status became retired, where none is given; only of a retired Device.",
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
            models.CheckConstraint(
                condition=Q(status=DeviceStatus.RETIRED, retired_at__isnull=False)
                | Q(~Q(status=DeviceStatus.RETIRED), retired_at__isnull=True),
                name="device_retired_at_some_time",
            ),
            models.CheckConstraint(
                condition=Q(retired_at__isnull=True)
                | Q(in_service_from__isnull=True)
                | Q(retired_at__gt=F("in_service_from")),
                name="device_retired_after_service",
            ),
        )

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save; a new Device gets a slug, and its Metrics in the same transaction."""
        with transaction.atomic():
            if not self.slug:
                self.slug = self._free_slug()
            self.date_retirement()
            if "status" in (kwargs.get("update_fields") or ()):
                kwargs["update_fields"] = {*kwargs["update_fields"], "retired_at"}
            super().save(*args, **kwargs)

    def get_absolute_url(self) -> str:
        return reverse("device-detail", args=[self.pk])

    def clean(self) -> None:
        """Refuse a retirement that contradicts the status, the clock or the date it began."""
        self.date_retirement()
        start, end = self.in_service_from, self.retired_at
        if end is None:
            return
        faults = (
            (
                self.status != DeviceStatus.RETIRED,
                "not_retired",
                "Only a retired device has been retired: change its status, too.",
            ),
            (end > timezone.now(), "in_future", "A device that is retired has been already."),
            (
                start is not None and end <= start,
                "order",
                "A device is retired after it came into service.",
            ),
        )
        for is_faulty, code, message in faults:
            if is_faulty:
                raise ValidationError({"retired_at": ValidationError(message, code=code)})

    def is_in_service(self, now: datetime) -> bool:
        """Whether it is in service at `now`, as far as people have said (`in_service`)."""
        begun = self.in_service_from is None or self.in_service_from <= now
        return begun and (self.retired_at is None or now < self.retired_at)

    def date_retirement(self) -> None:
        """Say when it was retired, or that it no longer is, unless another time is given now."""
        if self.status == DeviceStatus.RETIRED:
            self.retired_at = self.retired_at or timezone.now()
        elif self.retired_at and self.pk:
            stored = Device.objects.filter(pk=self.pk, retired_at=self.retired_at)
            if stored.filter(status=DeviceStatus.RETIRED).exists():
                self.retired_at = None

    def _free_slug(self) -> str:
        stem = slugify(self.name)[:110] or self.kind.replace("_", "-")
        similar = Device.objects.filter(site=self.site, slug__startswith=stem)
        taken = set(similar.values_list("slug", flat=True))
        candidates = (stem, *(f"{stem}-{n}" for n in range(2, len(taken) + 3)))
        return next(slug for slug in candidates if slug not in taken)

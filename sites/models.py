"""Site: a place with one grid connection point and a time zone; and its users."""

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.urls import reverse

from energy.saving import WholeSaveMixin
from sites.querysets import NamedAssignments, SiteQuerySet
from sites.time_zones import validate_time_zone


class Site(WholeSaveMixin, models.Model):
    """A place with one grid connection point; days begin at midnight in its `time_zone`."""

    name = models.CharField(max_length=120, unique=True)
    slug = models.SlugField(max_length=120, unique=True)
    description = models.TextField(blank=True)
    address = models.CharField(max_length=255, blank=True)
    latitude = models.FloatField(
        null=True, blank=True, validators=[MinValueValidator(-90), MaxValueValidator(90)]
    )
    longitude = models.FloatField(
        null=True, blank=True, validators=[MinValueValidator(-180), MaxValueValidator(180)]
    )
    time_zone = models.CharField(
        max_length=64,
        default="UTC",
        validators=[validate_time_zone],
        help_text="IANA name, such as Europe/Amsterdam.",
    )
    users = models.ManyToManyField(
        settings.AUTH_USER_MODEL, through="SiteAssignment", related_name="sites"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = SiteQuerySet.as_manager()

    class Meta:
        ordering = ("name", "pk")
        constraints = (
            models.CheckConstraint(
                condition=Q(latitude__isnull=True) | Q(latitude__range=(-90, 90)),
                name="site_latitude_in_degrees",
            ),
            models.CheckConstraint(
                condition=Q(longitude__isnull=True) | Q(longitude__range=(-180, 180)),
                name="site_longitude_in_degrees",
            ),
            models.CheckConstraint(condition=~Q(time_zone=""), name="site_has_time_zone"),
            models.CheckConstraint(condition=~Q(slug=""), name="site_has_slug"),
        )

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("site-detail", args=[self.pk])


class SiteAssignment(WholeSaveMixin, models.Model):
    """Lets one user see one Site."""

    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="assignments")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="assignments"
    )

    objects = NamedAssignments()

    class Meta:
        # Whatever cascades to assignments fetches their names along.
        base_manager_name = "objects"
        constraints = (
            models.UniqueConstraint(fields=("user", "site"), name="site_assignment_once"),
        )

    def __str__(self) -> str:
        return f"{self.user} → {self.site}"

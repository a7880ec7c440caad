"""Metric: a named time series of one Device; its latest value; its recent readings."""

import sys
from datetime import datetime

from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import Q
from django.urls import reverse

from devices.models import Device
from metrics.fields import InstantField
from metrics.freshness import Freshness, freshness
from metrics.querysets import MetricQuerySet
from metrics.vocabulary import MetricType

FINITE = (-sys.float_info.max, sys.float_info.max)
MAX_INTERVAL = 31 * 86_400  # s; a reading a month is the rarest that is ever stale


class Metric(models.Model):
    """A named time series of one Device. A Device always keeps at least one."""

    device = models.ForeignKey(Device, on_delete=models.CASCADE, related_name="metrics")
    key = models.CharField(
        max_length=64,
        validators=[
            RegexValidator(
                r"\A[a-z][a-z0-9]*(_[a-z0-9]+)*\Z",
                "A key is lower case letters, digits and single underscores, such as active_power.",
            )
        ],
    )
    name = models.CharField(max_length=120)
    unit = models.CharField(max_length=16, help_text="SI base unit; 1 where there is none.")
    type = models.CharField(max_length=8, choices=MetricType, default=MetricType.GAUGE)
    expected_interval = models.PositiveIntegerField(
        default=60,
        validators=[MinValueValidator(1), MaxValueValidator(MAX_INTERVAL)],
        help_text="Seconds between readings; a value is stale after ten times as long.",
    )
    retention_days = models.PositiveIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text="Days for which readings are kept; empty for as long as all others.",
    )

    objects = MetricQuerySet.as_manager()

    class Meta:
        ordering = ("pk",)
        constraints = (
            models.UniqueConstraint(
                fields=("device", "key"),
                name="metric_key_unique_in_device",
                violation_error_message="This Device already has a Metric of that key.",
            ),
            models.CheckConstraint(
                condition=Q(type__in=MetricType.values), name="metric_type_is_known"
            ),
            models.CheckConstraint(condition=~Q(key=""), name="metric_has_key"),
            models.CheckConstraint(condition=~Q(unit=""), name="metric_has_unit"),
            models.CheckConstraint(
                condition=Q(expected_interval__range=(1, MAX_INTERVAL)),
                name="metric_interval_is_plausible",
            ),
            models.CheckConstraint(
                condition=Q(retention_days__isnull=True) | Q(retention_days__gte=1),
                name="metric_keeps_a_day_or_more",
            ),
        )

    def __str__(self) -> str:
        return f"{self.device} › {self.name}"

    def get_absolute_url(self) -> str:
        return reverse("metric-detail", args=[self.pk])


class Latest(models.Model):
    """The reading of a Metric with the greatest measured timestamp, and when it arrived."""

    metric = models.OneToOneField(
        Metric, on_delete=models.CASCADE, related_name="latest", primary_key=True
    )
    value = models.FloatField()
    timestamp = InstantField()
    received_at = InstantField()

    class Meta:
        verbose_name_plural = "latest values"
        constraints = (
            models.CheckConstraint(condition=Q(value__range=FINITE), name="latest_value_is_finite"),
        )

    def __str__(self) -> str:
        return f"{self.value} at {self.timestamp}"

    def age_seconds(self, now: datetime) -> float:
        """Seconds from the measurement to `now`; 0 for one that a fast clock put ahead."""
        return max(0.0, (now - self.timestamp).total_seconds())

    def state(self, now: datetime) -> Freshness:
        """Live, late or stale at `now`."""
        return freshness(self.age_seconds(now), self.metric.expected_interval)


class Reading(models.Model):
    """One (timestamp, value) of a Metric in the relational history store.

    Written and read through `metrics.history` only; the model gives it its table and the admin
    something to look at.
    """

    pk = models.CompositePrimaryKey("metric_id", "timestamp")
    metric = models.ForeignKey(
        # The history store deletes a Metric's readings, wherever they live, and the door holds the
        # Metric while it brings them. Were the database to look each one's Metric up at the commit,
        # PostgreSQL would take twice the time for ten thousand.
        Metric,
        on_delete=models.DO_NOTHING,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )
    timestamp = InstantField()
    value = models.FloatField()

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(value__range=FINITE), name="reading_value_is_finite"
            ),
        )

    def __str__(self) -> str:
        return f"{self.value} at {self.timestamp}"


class Pack(models.Model):
    """A sealed day of one Metric in the relational history store: its readings as a few blobs.

    Written and read through `metrics.history` only, which knows what is in them
    (`metrics.history.packs`). `day` counts UTC days from the Unix epoch; `n` readings,
    measured from `first` to `last`, between `low` and `high`. `quarters` and `extremes` hold what
    they come to in each quarter hour, a value being held for `hold` microseconds at most.
    """

    pk = models.CompositePrimaryKey("metric_id", "day")
    metric = models.ForeignKey(
        Metric, on_delete=models.DO_NOTHING, related_name="+", db_index=False
    )
    day = models.IntegerField()
    n = models.IntegerField()
    first = InstantField()
    last = InstantField()
    low = models.FloatField()
    high = models.FloatField()
    hold = models.BigIntegerField()
    quarters = models.BinaryField()
    times = models.BinaryField()
    vals = models.BinaryField()
    extremes = models.BinaryField(null=True)

    class Meta:
        constraints = (
            models.CheckConstraint(condition=Q(n__gte=1), name="pack_has_readings"),
            models.CheckConstraint(
                condition=Q(low__range=FINITE) & Q(high__range=FINITE), name="pack_is_finite"
            ),
        )

    def __str__(self) -> str:
        return f"{self.n} readings from {self.first}"


class HistoryClock(models.Model):
    """The number of the newest change of history that is kept outside this database.

    One row. Whoever writes there takes the next number first: of two writes of one instant the
    one with the greater number wins, and a deletion covers the numbers up to its own.
    """

    version = models.BigIntegerField()

    def __str__(self) -> str:
        return str(self.version)


class HistoryDeletion(models.Model):
    """Readings that are deleted and may still lie in a history store outside this database.

    Covers what was written there up to `version`, in [start, end) where given, of one Metric or,
    where that is empty, of all. The Metric may be gone.
    """

    version = models.BigIntegerField(db_index=True)
    metric_id = models.BigIntegerField(null=True, db_index=True)
    start = models.BigIntegerField(null=True)
    end = models.BigIntegerField(null=True)

    def __str__(self) -> str:
        return f"Metric {self.metric_id} up to {self.version}"

"""Metric: a named time series of one Device; and its latest value."""

import sys
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models, transaction
from django.db.models import Q
from django.urls import reverse

from devices.models import Device
from energy.constraints import UniqueWithin
from energy.errors import Conflict
from energy.fields import InstantField
from energy.saving import WholeSaveMixin
from metrics.definitions import Definition
from metrics.freshness import Freshness, freshness
from metrics.querysets import MetricQuerySet
from metrics.relabelling import LABELS, Relabelling
from metrics.vocabulary import MetricType

FINITE = (-sys.float_info.max, sys.float_info.max)
MAX_INTERVAL = 31 * 86_400  # s, for Metrics with one reading a month


class Metric(WholeSaveMixin, models.Model):
    """A named time series of one Device. A Device always has at least one."""

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
    unit = models.CharField(
        max_length=16,
        help_text="Such as W, kWh or °C; 1 where there is none.",
        # A line of a CSV file is a reading: no cell of it may break the line.
        validators=[
            RegexValidator(r"\A[^\x00-\x1f\x7f-\x9f\u2028\u2029]+\Z", "A unit is one line.")
        ],
    )
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
    rollover = models.FloatField(
        null=True,
        blank=True,
        validators=[
            MinValueValidator(sys.float_info.min, "A register wraps at a value above 0."),
            MaxValueValidator(sys.float_info.max),
        ],
        help_text="Value at which a counter's register begins at 0 again, if it does.",
    )

    objects = MetricQuerySet.as_manager()

    # Whoever confirmed that the next save gives the readings another meaning.
    relabelled_by: Any = None

    class Meta:
        ordering = ("pk",)
        constraints = (
            UniqueWithin(
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
            models.CheckConstraint(
                condition=Q(rollover__isnull=True)
                | Q(rollover__gt=0, rollover__lte=sys.float_info.max),
                name="metric_rolls_over_above_zero",
            ),
        )

    def __str__(self) -> str:
        return f"{self.device} › {self.name}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save; where that relabels readings, somebody has to have confirmed it."""
        updated = kwargs.get("update_fields")
        if not self.pk or (updated is not None and not set(LABELS) & set(updated)):
            super().save(*args, **kwargs)
            return
        with transaction.atomic():
            # Whoever stores readings locks the Metric until the commit: none come in between.
            Metric.objects.select_for_update().filter(pk=self.pk).first()
            if relabelling := self.relabelling():
                self._confirm(relabelling)
            super().save(*args, **kwargs)
        self.relabelled_by = None

    def get_absolute_url(self) -> str:
        return reverse("metric-detail", args=[self.pk])

    def relabelling(self) -> Relabelling | None:
        """What saving would do to the meaning of readings; None where it does nothing to it."""
        stored = Metric.objects.filter(pk=self.pk).values(*LABELS, "latest__value").first()
        if stored is None or (value := stored.pop("latest__value")) is None:
            return None
        wanted = {label: getattr(self, label) for label in LABELS}
        relabelling = Relabelling(stored, wanted, value)
        return relabelling if relabelling.fields else None

    def _confirm(self, relabelling: Relabelling) -> None:
        if self.relabelled_by is None:
            raise Conflict(
                f"{relabelling.consequence} To put a wrong label right, send relabel_history=true.",
                code="has_history",
                field=relabelling.fields[0],
            )
        relabelling.log(self.pk, self.relabelled_by)

    def clean(self) -> None:
        """Refuse a definition that contradicts the vocabulary or itself, unless it is stored."""
        definition = Definition.of(self)
        stored = Metric.objects.filter(pk=self.pk).values_list(*Definition._fields).first()
        if definition != stored and (faults := definition.faults()):
            raise ValidationError(
                {fault.field: ValidationError(fault.message, fault.code) for fault in faults}
            )


class Latest(models.Model):
    """The reading of a Metric with the greatest measured timestamp, and when it was received.

    Those that were over a minute ahead of the clock when they arrived give way to all others;
    `ahead_until` is the timestamp of the last such reading.
    """

    metric = models.OneToOneField(
        Metric, on_delete=models.CASCADE, related_name="latest", primary_key=True
    )
    value = models.FloatField()
    timestamp = InstantField()
    received_at = InstantField()
    ahead_until = InstantField(null=True, editable=False)

    class Meta:
        verbose_name_plural = "latest values"
        constraints = (
            models.CheckConstraint(condition=Q(value__range=FINITE), name="latest_value_is_finite"),
        )

    def __str__(self) -> str:
        return f"{self.value} at {self.timestamp}"

    def age_seconds(self, now: datetime) -> float:
        """Seconds from the measurement to `now`; from the arrival where a clock was ahead then."""
        return max(0.0, (now - min(self.timestamp, self.received_at)).total_seconds())

    def clock_ahead_until(self, now: datetime) -> datetime | None:
        """Up to when the Device's clock has dated readings that is still to come, if it has."""
        return self.ahead_until if self.ahead_until and self.ahead_until > now else None

    def state(self, now: datetime) -> Freshness:
        """Live, late or stale at `now`."""
        return freshness(self.age_seconds(now), self.metric.expected_interval)

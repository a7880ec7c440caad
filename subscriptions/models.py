"""Subscription: a user's saved set of Metrics, across Sites and Devices."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse

from energy.constraints import UniqueWithin
from energy.saving import WholeSaveMixin
from metrics.models import Metric
from subscriptions.querysets import SubscriptionQuerySet


class Subscription(WholeSaveMixin, models.Model):
    """A user's saved set of Metrics. Its readers get only those that they still see."""

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="subscriptions"
    )
    name = models.CharField(max_length=120)
    description = models.TextField(blank=True, max_length=10_000)
    metrics = models.ManyToManyField(Metric, blank=True, related_name="subscriptions")
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    # The Metrics that the user still sees, if fetched by `with_visible_metrics`.
    visible_metrics: list[Metric]

    objects = SubscriptionQuerySet.as_manager()

    class Meta:
        ordering = ("name", "pk")
        constraints = (
            UniqueWithin(
                fields=("owner", "name"),
                name="subscription_name_unique_per_owner",
                violation_error_message="You already have a Subscription of that name.",
            ),
            models.CheckConstraint(condition=~Q(name=""), name="subscription_has_name"),
        )

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("subscription-detail", args=[self.pk])

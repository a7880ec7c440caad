"""Queries for Subscriptions."""

from typing import Any, Self

from django.db import models

from energy.querysets import ToldQuerySet
from metrics.models import Metric


class SubscriptionQuerySet(ToldQuerySet):
    """Subscriptions; every query for a user starts with `owned_by(user)`."""

    def owned_by(self, user: Any) -> Self:
        """The Subscriptions of `user`, also of a superuser; none for an anonymous user."""
        return self.filter(owner=user) if user.is_active else self.none()

    # Pages and viewsets call this name on every queryset.
    visible_to = owned_by

    def with_visible_metrics(self, user: Any) -> Self:
        """Prefetch into `visible_metrics` the Metrics that `user` still sees, with latest."""
        visible = Metric.objects.visible_to(user).with_latest()
        return self.prefetch_related(
            models.Prefetch("metrics", queryset=visible, to_attr="visible_metrics")
        )

"""Subscriptions, each user's own."""

from typing import Any, Self

from django.db import models

from metrics.models import Metric


class SubscriptionQuerySet(models.QuerySet[Any]):
    """Subscriptions, starting from `owned_by(user)`."""

    def owned_by(self, user: Any) -> Self:
        """The Subscriptions of `user`, superuser or not; none when not signed in."""
        return self.filter(owner=user) if user.is_active else self.none()

    # The name by which pages and viewsets ask every queryset alike.
    visible_to = owned_by

    def with_visible_metrics(self, user: Any) -> Self:
        """Prefetch into `visible_metrics` the Metrics that `user` still sees, with latest."""
        visible = Metric.objects.visible_to(user).with_latest()
        return self.prefetch_related(
            models.Prefetch("metrics", queryset=visible, to_attr="visible_metrics")
        )

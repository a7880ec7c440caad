"""Subscriptions in the admin."""

from typing import Any

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest

from energy.admin import VisibleChoicesMixin
from subscriptions.models import Subscription


@admin.register(Subscription)
class SubscriptionAdmin(VisibleChoicesMixin, admin.ModelAdmin):
    """All Subscriptions for the administrator, and their own for other staff."""

    list_display = ("name", "owner", "metric_count", "updated_at")
    list_filter = ("updated_at",)
    list_select_related = ("owner",)
    search_fields = ("name", "description", "owner__username")
    autocomplete_fields = ("owner", "metrics")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows = super().get_queryset(request)
        visible = rows if request.user.is_superuser else rows.filter(owner=request.user.pk)
        return visible.annotate(metric_count=Count("metrics"))

    @admin.display(description="metrics", ordering="metric_count")
    def metric_count(self, subscription: Any) -> int:
        """The number of its Metrics."""
        return subscription.metric_count

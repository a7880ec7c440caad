"""Subscriptions in the admin."""

from typing import Any

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest

from energy.admin import VisibleChoicesMixin
from sites.querysets import seen_by
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
        own = rows if request.user.is_superuser else rows.filter(owner=request.user.pk)
        visible = seen_by(request.user, "metrics__device__site__")
        return own.annotate(metric_count=Count("metrics", filter=visible))

    def get_field_queryset(
        self, db: str | None, db_field: Any, request: HttpRequest
    ) -> QuerySet[Any] | None:
        """Let staff who are no superusers own what they add; fetch what names of Metrics need."""
        rows: Any = super().get_field_queryset(db, db_field, request)
        if db_field.name == "metrics":
            return rows.select_related("device")
        return rows if request.user.is_superuser else rows.filter(pk=request.user.pk)

    @admin.display(description="metrics", ordering="metric_count")
    def metric_count(self, subscription: Any) -> int:
        """The number of its Metrics that the user of the admin sees."""
        return subscription.metric_count

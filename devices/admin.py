"""Devices in the admin, with their Metrics."""

from collections.abc import Iterator
from typing import Any

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html

from devices.imports import DeviceResource
from devices.models import Device
from energy.admin import RefusalMessagesMixin, VisibleRowsMixin
from energy.imports import ImportingAdmin
from ingest.admin import DeletesHistoryMixin
from metrics.admin import MetricInline


class NamedValuesFilter(admin.AllValuesFieldListFilter):
    """Each value there is, the empty one with a name too."""

    def choices(self, changelist: Any) -> Iterator[dict[str, Any]]:
        for choice in super().choices(changelist):
            yield {**choice, "display": choice["display"] or self.empty_value_display}


@admin.register(Device)
class DeviceAdmin(DeletesHistoryMixin, RefusalMessagesMixin, VisibleRowsMixin, ImportingAdmin):
    """Devices with their Metrics; a new one without any gets the headline of its kind."""

    resource_classes = [DeviceResource]
    inlines = (MetricInline,)
    list_display = ("name", "site", "kind", "status", "manufacturer", "rated_power", "metrics")
    list_filter = ("kind", "status", ("manufacturer", NamedValuesFilter))
    list_select_related = ("site",)
    search_fields = ("name", "slug", "manufacturer", "model", "serial_number", "site__name")
    ordering = ("site__name", "name")
    autocomplete_fields = ("site",)
    readonly_fields = ("slug", "created_at", "updated_at")
    fieldsets = (
        (None, {"fields": ("site", "name", "slug", "kind", "status", "rated_power")}),
        ("In service", {"fields": ("in_service_from", "retired_at")}),
        ("Equipment", {"fields": ("manufacturer", "model", "serial_number", "notes")}),
        ("Record", {"fields": ("created_at", "updated_at"), "classes": ("collapse",)}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Device]:
        return super().get_queryset(request).annotate(metric_count=Count("metrics"))

    @admin.display(ordering="metric_count")
    def metrics(self, device: Any) -> str:
        """The number of Metrics, as a link to them."""
        url = reverse("admin:metrics_metric_changelist")
        return format_html(
            '<a href="{}?device__id__exact={}">{}</a>', url, device.pk, device.metric_count
        )

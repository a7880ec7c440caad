"""Sites in the admin, with their users and Devices."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html

from devices.models import Device
from energy.admin import RefusalMessagesMixin, VisibleChoicesMixin, VisibleRowsMixin
from energy.imports import ImportingAdmin
from ingest.admin import DeletesHistoryMixin
from sites.assigning import FIELD, AssigningAdmin
from sites.imports import SiteResource
from sites.models import Site


class DeviceInline(VisibleChoicesMixin, admin.TabularInline):
    """The Devices of the Site; each new one gets the headline Metric of its kind."""

    model = Device
    fields = ("name", "kind", "status", "rated_power")
    extra = 0
    show_change_link = True
    verbose_name_plural = "devices: deleting one deletes its metrics and their history"


@admin.register(Site)
class SiteAdmin(
    DeletesHistoryMixin, RefusalMessagesMixin, VisibleRowsMixin, ImportingAdmin, AssigningAdmin
):
    """Sites with their users, and their Devices inline."""

    resource_classes = [SiteResource]
    own, other, related = "site", "user", "users"
    assigned_label = "Users who see this site"
    inlines = (DeviceInline,)
    list_display = ("name", "slug", "time_zone", "address", "devices", "users", "updated_at")
    list_filter = ("time_zone",)
    ordering = ("name",)
    search_fields = ("name", "slug", "address", "description")
    prepopulated_fields = {"slug": ("name",)}
    readonly_fields = ("created_at", "updated_at")
    fieldsets = (
        (None, {"fields": ("name", "slug", "time_zone", "description")}),
        ("Place", {"fields": ("address", ("latitude", "longitude"))}),
        ("Users", {"fields": (FIELD,)}),
        ("Record", {"fields": ("created_at", "updated_at"), "classes": ("collapse",)}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Site]:
        sites: Any = super().get_queryset(request)
        return sites.with_device_count().with_user_count()

    @admin.display(ordering="device_count")
    def devices(self, site: Any) -> str:
        """The number of Devices, as a link to them."""
        url = reverse("admin:devices_device_changelist")
        return format_html(
            '<a href="{}?site__id__exact={}">{}</a>', url, site.pk, site.device_count
        )

    @admin.display(ordering="user_count")
    def users(self, site: Any) -> int:
        """The number of users who are assigned to it."""
        return site.user_count

"""Imports of files of readings in the admin, to look at."""

from django.contrib import admin

from energy.admin import ReadOnlyMixin, VisibleRowsMixin
from ingest.models import Import


@admin.register(Import)
class ImportAdmin(ReadOnlyMixin, VisibleRowsMixin, admin.ModelAdmin):
    """Files that were brought, and how far they are; each leads to its page."""

    list_display = (
        "file_name",
        "site",
        "device",
        "user",
        "state",
        "dry_run",
        "accepted",
        "refused_count",
        "created_at",
    )
    list_filter = ("state",)
    list_select_related = ("site", "device", "user")
    search_fields = ("file_name", "site__name", "device__name", "user__username")
    fields = (*list_display, "rows", "failure", "asked", "wishes", "touched_at")

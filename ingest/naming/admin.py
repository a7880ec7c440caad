"""Names from outside in the admin."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from energy.admin import ReadOnlyMixin, RefusalMessagesMixin, VisibleRowsMixin
from energy.errors import DomainError
from ingest.models import Alias, Discovered
from ingest.naming.services import check_metric, ignore, make_alias, take_back


@admin.register(Alias)
class AliasAdmin(RefusalMessagesMixin, VisibleRowsMixin, admin.ModelAdmin):
    """Aliases. A new one takes up what waits under its name; a change is for what comes then."""

    list_display = ("name", "source", "site", "owner", "metric", "factor", "sign")
    list_filter = ("source",)
    list_select_related = ("site", "owner", "metric__device")
    search_fields = ("name", "source", "metric__name", "metric__device__name", "site__name")
    autocomplete_fields = ("site", "owner", "metric")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """What it is an alias of stays as it is."""
        return ("name", "source", "site", "owner") if obj else ()

    def save_model(self, request: HttpRequest, obj: Alias, form: Any, change: bool) -> None:
        if change:
            check_metric(obj, request.user)
            super().save_model(request, obj, form, change)
            return
        is_own = obj.site_id is not None or obj.owner_id == request.user.pk
        if not (is_own or request.user.is_superuser):
            message = "Choose a Site, or yourself as the owner."
            raise DomainError(message, code="not_allowed", field="owner")
        made = make_alias(obj, request.user)
        self.message_user(request, f"{made.stored:,} readings that waited were stored.")


@admin.register(Discovered)
class DiscoveredAdmin(ReadOnlyMixin, VisibleRowsMixin, admin.ModelAdmin):
    """Names that nothing maps; they are accepted on their page, to which each leads."""

    list_display = (
        "name",
        "source",
        "site",
        "owner",
        "unit",
        "count",
        "waiting",
        "dropped",
        "last_seen",
        "is_ignored",
    )
    list_filter = ("is_ignored", "source")
    list_select_related = ("site", "owner")
    search_fields = ("name", "friendly_name", "device_name", "source", "site__name")
    actions = ("ignore", "take_back")

    @admin.action(description="Ignore for good", permissions=["decide"])
    def ignore(self, request: HttpRequest, rows: QuerySet[Discovered]) -> None:
        """Ignore the names that were chosen, and let go of what waits."""
        for row in rows:
            ignore(row)

    @admin.action(description="No longer ignore", permissions=["decide"])
    def take_back(self, request: HttpRequest, rows: QuerySet[Discovered]) -> None:
        """Let what comes under the names that were chosen wait again."""
        for row in rows:
            take_back(row)

    def has_decide_permission(self, request: HttpRequest) -> bool:
        """Who may decide what becomes of a name."""
        return request.user.has_perm("ingest.change_discovered")

"""Changes in the admin: to look at, for everybody and for ever."""

from datetime import UTC
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from changes.described import action_of, kind_of
from changes.models import Change
from changes.sentences import told
from energy.admin import ReadOnlyMixin

# django-auditlog registers a page of its own for whichever model holds its entries.
if admin.site.is_registered(Change):
    admin.site.unregister(Change)


@admin.register(Change)
class ChangeAdmin(ReadOnlyMixin, admin.ModelAdmin):
    """Who changed what, of the Sites that the user sees; all for superusers."""

    fields = ("timestamp", "what", "done", "object_repr", "who", "via", "remote_addr", "details")
    readonly_fields = fields
    list_display = ("timestamp", "what", "done", "object_repr", "who", "via", "remote_addr")
    list_filter = ("action", "via", "timestamp")
    list_select_related = ("content_type",)
    search_fields = ("object_repr", "actor_name")
    ordering = ("-timestamp", "-pk")
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        changes: Any = super().get_queryset(request)
        return changes.visible_to(request.user)

    @admin.display(description="what")
    def what(self, change: Change) -> str:
        """The kind of what was changed."""
        return kind_of(change).value

    @admin.display(description="done", ordering="action")
    def done(self, change: Change) -> str:
        """Created, changed or deleted."""
        return action_of(change).value

    @admin.display(description="who", ordering="actor_name")
    def who(self, change: Change) -> str:
        """The user, under the name they had then."""
        return change.actor_name

    @admin.display(description="details")
    def details(self, change: Change) -> str:
        """Each field before and after."""
        (row,) = told([change], UTC)
        return row.words

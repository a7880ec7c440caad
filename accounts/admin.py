"""People and their API tokens in the admin."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as StockUserAdmin
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.models import ApiToken, User
from energy.access import ADMIN, STANDARD, TECHNICIAN
from energy.admin import ReadOnlyMixin, VisibleChoicesMixin
from sites.models import Site, SiteAssignment

# Whoever may edit these of their own account may do anything.
_POWERS = ("is_staff", "is_superuser", "groups", "user_permissions")


class SiteInline(VisibleChoicesMixin, admin.TabularInline):
    """The Sites a user sees."""

    model = SiteAssignment
    autocomplete_fields = ("site",)
    extra = 0
    verbose_name = "site"
    verbose_name_plural = "sites this user sees"

    def get_queryset(self, request: HttpRequest) -> QuerySet[SiteAssignment]:
        visible = Site.objects.visible_to(request.user)
        return super().get_queryset(request).filter(site__in=visible)


@admin.register(User)
class UserAdmin(StockUserAdmin):
    """A user with group, Site assignments and preferences on one page."""

    inlines = (SiteInline,)
    list_display = ("username", "name", "email", "role", "site_names", "is_active", "last_login")
    list_filter = ("groups", "is_active", "is_staff", "is_superuser")
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        ("Person", {"fields": ("first_name", "last_name", "email")}),
        ("Role", {"fields": ("is_active", "groups", "is_staff", "is_superuser")}),
        ("Preferences", {"fields": ("time_zone", "clock", "units", "theme")}),
        ("Single permissions", {"fields": ("user_permissions",), "classes": ("collapse",)}),
        ("Record", {"fields": ("last_login", "date_joined"), "classes": ("collapse",)}),
    )
    add_fieldsets = (
        *StockUserAdmin.add_fieldsets,
        ("Person", {"fields": ("first_name", "last_name", "email")}),
        ("Role", {"fields": ("groups",)}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        return super().get_queryset(request).prefetch_related("groups", "sites")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        fields = super().get_readonly_fields(request, obj)
        return fields if request.user.is_superuser else (*fields, *_POWERS)

    @admin.display(description="name")
    def name(self, user: User) -> str:
        """First and last name."""
        return user.get_full_name()

    @admin.display(description="role")
    def role(self, user: User) -> str:
        """Administrator, technician or standard."""
        groups = {group.name for group in user.groups.all()}
        return ADMIN if user.is_superuser else TECHNICIAN if TECHNICIAN in groups else STANDARD

    @admin.display(description="sites")
    def site_names(self, user: User) -> str:
        """The Sites assigned, which a superuser does not need."""
        return ", ".join(site.name for site in user.sites.all())


@admin.register(ApiToken)
class ApiTokenAdmin(ReadOnlyMixin, admin.ModelAdmin):
    """Tokens, without what could be used to sign in; deleting one revokes it."""

    fields = ("name", "user", "created", "expiry", "last_used_at")
    list_display = fields
    list_filter = ("created", "expiry")
    list_select_related = ("user",)
    search_fields = ("name", "user__username", "user__email")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whoever holds the permission: revoking is what the list is for."""
        return request.user.has_perm("accounts.delete_apitoken")

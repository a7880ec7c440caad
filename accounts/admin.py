"""People and their API tokens in the admin."""

from collections.abc import Callable
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.auth.admin import GroupAdmin as StockGroupAdmin
from django.contrib.auth.admin import UserAdmin as StockUserAdmin
from django.contrib.auth.models import Group
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.utils import timezone

from accounts import second_factor
from accounts.models import ApiToken, User
from accounts.powers import grantable_by, may_manage, may_manage_group
from accounts.tokens import TokenPlan, make_token
from energy.access import ADMIN, STANDARD, TECHNICIAN
from energy.admin import (
    ReadOnlyMixin,
    RefusalMessagesMixin,
    StrictAddressesMixin,
    VisibleChoicesMixin,
    VisibleRowsMixin,
)
from energy.errors import Forbidden
from sites.assigning import FIELD, AssigningAdmin
from sites.models import Site

# A user who could edit these on their own account could give themselves any power.
_POWERS = ("is_staff", "is_superuser", "groups", "user_permissions")


class PowersMixin:
    """Refuses to change or delete an account or group with more powers than the acting user has.

    `may_change(actor, obj)` says whether `actor` holds all powers that `obj` gives.
    """

    may_change: Callable[[Any, Any], bool]

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        may = super().has_change_permission(request, obj)
        return may and (obj is None or self.may_change(request.user, obj))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        may = super().has_delete_permission(request, obj)
        return may and (obj is None or self.may_change(request.user, obj))


@admin.register(User)
class UserAdmin(PowersMixin, VisibleRowsMixin, StockUserAdmin, AssigningAdmin):
    """A user with group, Site assignments and preferences on one page."""

    may_change = staticmethod(may_manage)
    own, other, related = "user", "site", "sites"
    assigned_label = "Sites this user sees"
    list_display = ("username", "name", "email", "role", "site_names", "is_active", "last_login")
    actions = ("turn_off_second_factor",)
    list_filter = ("groups", "is_active", "is_staff", "is_superuser")
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        ("Person", {"fields": ("first_name", "last_name", "email")}),
        ("Role", {"fields": ("is_active", "groups", "is_staff", "is_superuser")}),
        ("Sites", {"fields": (FIELD,)}),
        ("Preferences", {"fields": ("time_zone", "clock", "units", "theme")}),
        ("Single permissions", {"fields": ("user_permissions",), "classes": ("collapse",)}),
        (
            "Record",
            {
                "fields": ("last_login", "date_joined", "has_second_factor"),
                "classes": ("collapse",),
            },
        ),
    )
    add_fieldsets = (
        *StockUserAdmin.add_fieldsets,
        ("Person", {"fields": ("first_name", "last_name", "email")}),
        ("Role", {"fields": ("groups",)}),
        ("Sites", {"fields": (FIELD,)}),
    )

    def needs_assignment(self, request: HttpRequest, obj: Any) -> bool:
        """A new user needs a Site unless a superuser adds them; others could not see them."""
        return obj is None and not request.user.is_superuser

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        # By subquery, because Django would reuse the join to the acting user's own assignments.
        seen = Site.objects.filter(pk__in=Site.objects.visible_to(request.user))
        people = super().get_queryset(request)
        return people.prefetch_related("groups", Prefetch("sites", seen))

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """The fieldsets, without the role of a new user unless a superuser adds them.

        Users who may only view get no password field, because Django would show its whole hash.
        """
        fieldsets = super().get_fieldsets(request, obj)
        if obj is None:
            role = () if request.user.is_superuser else ("Role",)
            return [fieldset for fieldset in fieldsets if fieldset[0] not in role]
        if self.has_change_permission(request, obj):
            return fieldsets
        return [(None, {"fields": ("username",)}), *fieldsets[1:]]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        fields = (*super().get_readonly_fields(request, obj), "has_second_factor")
        return fields if request.user.is_superuser else (*fields, *_POWERS)

    @admin.action(description="Turn off two-factor sign-in", permissions=["change"])
    def turn_off_second_factor(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """For people who have lost their phone and their recovery codes."""
        people = list(queryset.filter(has_second_factor=True))
        managed = [user for user in people if may_manage(request.user, user)]
        for user in managed:
            second_factor.turn_off(user)
        count = len(managed)
        messages.success(request, f"Two-factor sign-in of {count} users was turned off.")
        if count < len(people):
            messages.error(request, f"Of {len(people) - count} you may not turn it off.")

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
        """The assigned Sites that the acting user sees; a superuser needs none."""
        return self.assigned(user)


admin.site.unregister(Group)


@admin.register(Group)
class GroupAdmin(PowersMixin, StrictAddressesMixin, StockGroupAdmin):
    """Groups; nobody can put a permission into one that they do not hold themselves."""

    may_change = staticmethod(may_manage_group)

    def formfield_for_manytomany(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        """Limit the choices, shown and accepted, to permissions that the acting user holds."""
        return super().formfield_for_manytomany(
            db_field, request, queryset=grantable_by(request.user), **kwargs
        )


@admin.register(ApiToken)
class ApiTokenAdmin(RefusalMessagesMixin, ReadOnlyMixin, VisibleChoicesMixin, admin.ModelAdmin):
    """Tokens, without their secret part: made for oneself and others, and revoked by deletion."""

    fields = ("name", "user", "scope", "site", "created", "expiry", "last_used_at")
    list_display = fields
    list_filter = ("scope", "created", "expiry")
    list_select_related = ("user",)
    search_fields = ("name", "user__username", "user__email")

    def get_queryset(self, request: HttpRequest) -> QuerySet[ApiToken]:
        """The tokens of people that the acting user sees, without Sites that they do not see."""
        people = User.objects.visible_to(request.user)
        seen = Site.objects.filter(pk__in=Site.objects.visible_to(request.user))
        tokens = super().get_queryset(request).filter(user__in=people)
        return tokens.prefetch_related(Prefetch("site", seen))

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.fields if obj else ("user", "name", "scope", "site", "expiry")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Allow making tokens with the permission; `save_form` checks for whom."""
        return request.user.has_perm("accounts.add_apitoken")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Allow revoking with the permission, unless the owner has more powers than the user."""
        may = request.user.has_perm("accounts.delete_apitoken")
        return may and (obj is None or may_manage(request.user, obj.user))

    def save_form(self, request: HttpRequest, form: Any, change: bool) -> ApiToken:
        """Make the token; whoever holds it can do what its user can, so it takes their powers."""
        wanted = form.save(commit=False)
        if not may_manage(request.user, wanted.user):
            raise Forbidden(f"You may not do all that {wanted.user} may.", field="user")
        plan = TokenPlan(wanted.name, wanted.scope, wanted.site, wanted.expiry)
        token, secret = make_token(wanted.user, plan, timezone.now())
        token.secret = secret
        return token

    def save_model(self, request: HttpRequest, obj: ApiToken, form: Any, change: bool) -> None:
        """Do nothing: `save_form` has stored the token."""

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: Any = None) -> Any:
        """Show the secret, in this one answer."""
        shown = {"title": "API token", "token": obj, "secret": obj.secret, "opts": self.opts}
        context = self.admin_site.each_context(request) | shown
        headers = {"Cache-Control": "no-store"}
        return TemplateResponse(request, "admin/token_made.html", context, headers=headers)


# django-allauth's own pages show what is to stay secret, and change it past all checks.
for _model in (Authenticator, EmailAddress, SocialAccount, SocialApp, SocialToken):
    admin.site.unregister(_model)


@admin.register(SocialAccount)
class SingleSignOnAdmin(ReadOnlyMixin, admin.ModelAdmin):
    """Who is linked to which account at the provider; deleting a link ends sign-in by it.

    Adding one is for superusers: whoever makes a link lets somebody in as its user.
    """

    fields = ("user", "provider", "uid")
    list_display = ("user", "provider", "uid", "date_joined", "last_login")
    list_select_related = ("user",)
    autocomplete_fields = ("user",)
    search_fields = ("user__username", "user__email", "uid")

    def get_queryset(self, request: HttpRequest) -> QuerySet[SocialAccount]:
        people = User.objects.visible_to(request.user)
        return super().get_queryset(request).filter(user__in=people)

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return {"provider": settings.OIDC.issuer, **super().get_changeform_initial_data(request)}

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        return bool(request.user.is_active and request.user.is_superuser)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whoever holds the permission, and may manage the user."""
        may = request.user.has_perm("socialaccount.delete_socialaccount")
        return may and (obj is None or may_manage(request.user, obj.user))

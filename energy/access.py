"""Who may do what.

Rows and verbs are separate. *Rows*: every queryset has `visible_to(user)`; what it leaves out
does not exist for that user (404). *Verbs*: stock model permissions, held by the groups
`technician` and `standard` (403 on a visible row). The same two rules serve the API and the pages.
"""

from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib.auth.mixins import LoginRequiredMixin
from django.core.exceptions import PermissionDenied
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

if TYPE_CHECKING:
    from rest_framework.views import APIView

TECHNICIAN = "technician"
STANDARD = "standard"
ADMIN = "admin"
ROLES = (STANDARD, TECHNICIAN, ADMIN)

_EVERYONE = {
    "sites": ("view_site",),
    "devices": ("view_device",),
    "metrics": ("view_metric", "view_latest"),
    "history": ("view_reading",),
    "subscriptions": tuple(f"{verb}_subscription" for verb in ("add", "change", "delete", "view")),
}
_TECHNICIAN = {
    "devices": ("add_device", "change_device", "delete_device"),
    "metrics": ("add_metric", "change_metric", "delete_metric"),
    "history": ("add_reading", "delete_reading"),
}
GRANTS = {STANDARD: (_EVERYONE,), TECHNICIAN: (_EVERYONE, _TECHNICIAN)}


def grant_roles(app_config: Any, using: str = "default", **kwargs: Any) -> None:
    """Give both groups their permissions on one app's models (a `post_migrate` receiver)."""
    from django.contrib.auth.models import Group, Permission

    for name, grants in GRANTS.items():
        codenames = [code for grant in grants for code in grant.get(app_config.label, ())]
        if codenames:
            group, _ = Group.objects.using(using).get_or_create(name=name)
            group.permissions.add(
                *Permission.objects.using(using).filter(
                    content_type__app_label=app_config.label, codename__in=codenames
                )
            )


def role_of(user: Any) -> str:
    """`admin`, `technician` or `standard`; whoever is in neither group is standard."""
    if user.is_superuser:
        return ADMIN
    return TECHNICIAN if user.groups.filter(name=TECHNICIAN).exists() else STANDARD


class VisibleObjectsMixin:
    """Starts a view's queryset (page or viewset) with what the request's user may see."""

    def get_queryset(self) -> Any:
        return super().get_queryset().visible_to(self.request.user)  # type: ignore[misc,attr-defined]


class RolePermission(BasePermission):
    """Signed in to read; the model permission of the verb to write.

    On a single object the verb is checked only once the object was found among the visible ones,
    so that the invisible stays a 404 for everybody. A view names another permission per method
    in `verb_permissions`, or opts out for rows that are the user's own with `{}`.
    """

    verbs: ClassVar[dict[str, str]] = {
        "POST": "add",
        "PUT": "change",
        "PATCH": "change",
        "DELETE": "delete",
    }

    def has_permission(self, request: Request, view: "APIView") -> bool:
        if not (request.user and request.user.is_authenticated):
            return False
        unsupported = getattr(view, "action", "") is None  # 405 for everybody, whatever their role
        return unsupported or bool(view.kwargs.get("pk")) or self._may(request, view)

    def has_object_permission(self, request: Request, view: "APIView", obj: Any) -> bool:
        return self._may(request, view)

    def _may(self, request: Request, view: "APIView") -> bool:
        needed = self._needed(str(request.method), view)
        return needed is None or request.user.has_perm(needed)

    def _needed(self, method: str, view: "APIView") -> str | None:
        named = getattr(view, "verb_permissions", None)
        if named is not None:
            return named.get(method)
        queryset = getattr(view, "queryset", None)
        if method not in self.verbs or queryset is None:
            return None
        meta = queryset.model._meta
        return f"{meta.app_label}.{self.verbs[method]}_{meta.model_name}"


class RolePageMixin(LoginRequiredMixin):
    """Checks a page's verb (`permission_required`) after its object was found to be visible."""

    permission_required = ""

    def get_object(self, queryset: Any = None) -> Any:
        found = super().get_object(queryset)  # type: ignore[misc]
        self.check_verb()
        return found

    def check_verb(self) -> None:
        """Raise PermissionDenied (403) unless the user holds `permission_required`."""
        user = self.request.user  # type: ignore[attr-defined]
        if self.permission_required and not user.has_perm(self.permission_required):
            raise PermissionDenied

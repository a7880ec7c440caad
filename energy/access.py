"""Who may do what.

Rows and verbs are separate. *Rows*: every queryset has `visible_to(user)`, and a row that it leaves
out does not exist for that user (404). *Verbs*: Django's model permissions, which the groups
`technician` and `standard` hold; a verb that the user lacks is a 403 on a visible row. The API and
the pages follow the same two rules.
"""

from typing import TYPE_CHECKING, Any

from django.contrib.auth.mixins import LoginRequiredMixin
from django.core.exceptions import PermissionDenied
from rest_framework.permissions import DjangoModelPermissions
from rest_framework.request import Request

if TYPE_CHECKING:
    from rest_framework.views import APIView

TECHNICIAN = "technician"
STANDARD = "standard"
ADMIN = "admin"
ROLES = (STANDARD, TECHNICIAN, ADMIN)

_EVERYBODY = {
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
    "ingest": (
        *(f"{verb}_alias" for verb in ("add", "change", "delete", "view")),
        *(f"{verb}_import" for verb in ("add", "change", "view")),
        "change_discovered",
        "view_discovered",
    ),
    "changes": ("view_change",),
}
GRANTS = {STANDARD: (_EVERYBODY,), TECHNICIAN: (_EVERYBODY, _TECHNICIAN)}


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
    """Limits the queryset of a page or viewset to what the request's user may see."""

    def get_queryset(self) -> Any:
        return super().get_queryset().visible_to(self.request.user)  # type: ignore[misc,attr-defined]


class RolePermission(DjangoModelPermissions):
    """Reading takes a signed-in user, writing the model permission of the verb.

    The verb on a single object is checked only after the object was found among the visible ones,
    so that an invisible object is a 404 for everybody. A view may name other permissions, by HTTP
    method, in `verb_permissions`; `{}` there means that its rows are the user's own.
    """

    def has_permission(self, request: Request, view: "APIView") -> bool:
        if not (request.user and request.user.is_authenticated):
            return False
        is_unsupported = getattr(view, "action", "") is None  # a 405, whatever the user's role
        return is_unsupported or bool(view.kwargs.get("pk")) or self._may(request, view)

    def has_object_permission(self, request: Request, view: "APIView", obj: Any) -> bool:
        return self._may(request, view)

    def _may(self, request: Request, view: "APIView") -> bool:
        return request.user.has_perms(self._permissions(str(request.method), view))

    def _permissions(self, method: str, view: "APIView") -> list[str]:
        by_method = getattr(view, "verb_permissions", None)
        if by_method is not None:
            return [by_method[method]] if method in by_method else []
        queryset = getattr(view, "queryset", None)
        return [] if queryset is None else self.get_required_permissions(method, queryset.model)


class RolePageMixin(LoginRequiredMixin):
    """Checks the verb of a page (`permission_required`) once its object is known to be visible."""

    permission_required = ""

    def get_object(self, queryset: Any = None) -> Any:
        visible_object = super().get_object(queryset)  # type: ignore[misc]
        self.check_verb()
        return visible_object

    def check_verb(self) -> None:
        """Raise PermissionDenied (403) unless the user holds `permission_required`."""
        user = self.request.user  # type: ignore[attr-defined]
        if self.permission_required and not user.has_perm(self.permission_required):
            raise PermissionDenied

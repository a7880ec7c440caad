"""Who may manage whom: never a user who may do or see more than the acting user."""

from typing import Any

from django.contrib.auth.models import Group, Permission
from django.db.models import Q, QuerySet

from sites.models import Site


def may_manage(actor: Any, other: Any) -> bool:
    """Whether `actor` holds every power of the user `other`, active or not, and sees their Sites.

    Whoever sets a password can sign in with it: they would gain what they lack.
    """
    if actor.is_superuser or actor == other:
        return bool(actor.is_active)
    held = Permission.objects.filter(Q(user=other) | Q(group__user=other))
    hidden = Site.objects.filter(assignments__user=other).exclude(
        pk__in=Site.objects.visible_to(actor)
    )
    return not other.is_superuser and _holds_all(actor, held) and not hidden.exists()


def may_manage_group(actor: Any, group: Group) -> bool:
    """Whether `actor` holds every permission that the group gives."""
    return _holds_all(actor, group.permissions.all())


def grantable_by(actor: Any) -> QuerySet[Permission]:
    """The permissions that `actor` may give to others: their own."""
    if actor.is_superuser:
        return Permission.objects.all()
    held = Q(user=actor) | Q(group__user=actor)
    return Permission.objects.filter(pk__in=Permission.objects.filter(held).values("pk"))


def _holds_all(actor: Any, permissions: QuerySet[Permission]) -> bool:
    return not permissions.exclude(pk__in=grantable_by(actor)).exists()

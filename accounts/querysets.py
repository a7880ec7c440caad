"""Which people a user sees: in the admin, which alone shows people."""

from typing import Any, Self

from django.contrib.auth.models import UserManager
from django.db.models import Q

from energy.querysets import ToldQuerySet
from sites.models import SiteAssignment
from sites.querysets import seen_by


class UserQuerySet(ToldQuerySet):
    """People, starting from `visible_to(user)`."""

    def visible_to(self, user: Any) -> Self:
        """`user` and whoever is assigned to a Site that `user` sees; all for a superuser."""
        if user.is_superuser and user.is_active:
            return self.all()
        shared = SiteAssignment.objects.filter(seen_by(user, "site__")).values("user")
        return self.filter(Q(pk__in=shared) | Q(pk=user.pk)) if user.is_active else self.none()


class People(UserManager[Any]):
    """The manager of users: creates them, and filters them by what a user sees."""

    use_in_migrations = False

    def get_queryset(self) -> UserQuerySet:
        return UserQuerySet(self.model, using=self._db)

    def visible_to(self, user: Any) -> UserQuerySet:
        """See `UserQuerySet.visible_to`."""
        return self.get_queryset().visible_to(user)


class TokenQuerySet(ToldQuerySet):
    """API tokens; every query for a user starts with `owned_by(user)`."""

    def owned_by(self, user: Any) -> Self:
        """The tokens of `user`, also of a superuser; none for an anonymous user."""
        return self.filter(user=user) if user.is_active else self.none()

    # Pages and viewsets call this name on every queryset.
    visible_to = owned_by

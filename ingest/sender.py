"""Who brings readings: whose Metrics they may be of, and in whose names series are called."""

from dataclasses import dataclass
from typing import Any, Self

from accounts.models import User
from metrics.models import Metric
from metrics.querysets import MetricQuerySet

# Whoever may run commands on this machine sees all Metrics.
OPERATOR = User(is_superuser=True)


@dataclass(frozen=True, slots=True)
class Sender:
    """Who brings readings, by which way, and of which Site alone, if of one.

    `source` is the name of the token that was used, or "mqtt", or "file". What a name from outside
    means is known for each source by itself.
    """

    user: Any
    source: str = ""
    site_id: int | None = None

    @classmethod
    def of_token(cls, user: Any, token: Any) -> Self:
        """Whoever sends with `token`; None where they signed in without one."""
        return cls(user) if token is None else cls(user, token.name, token.site_id)

    def metrics(self) -> MetricQuerySet:
        """The Metrics whose readings the sender may bring."""
        visible: MetricQuerySet = Metric.objects.visible_to(self.user)
        return visible if self.site_id is None else visible.filter(device__site=self.site_id)

    @property
    def scope(self) -> dict[str, int | None]:
        """Whose the names are: the Site's where there is one, else the user's.

        Those of the operator, who is no user with a row, are neither's.
        """
        owner = self.user.pk if self.site_id is None else None
        return {"site_id": self.site_id, "owner_id": owner}

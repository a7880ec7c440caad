"""What a stream shows, and whether its user may still see it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from django.contrib.sessions.models import Session
from django.db.models import Q

from accounts.models import ApiToken, User
from devices.models import Device
from metrics.models import Metric
from sites.models import Site
from subscriptions.models import Subscription

_METRICS_OF: dict[Any, str] = {
    Site: "device__site",
    Device: "device",
    Subscription: "subscriptions",
}


class Credentials(NamedTuple):
    """How somebody signed in: by a token or by a session, and with which (hashed) password."""

    user: int
    password: str
    token: str | None
    session: str | None


class Topic(NamedTuple):
    """The object whose Metrics a user follows."""

    user: int
    model: Any
    pk: int


@dataclass(frozen=True, slots=True)
class Feed:
    """The Metrics that a stream follows: those of `topic` that its user saw when it began."""

    topic: Topic
    credentials: Credentials
    metrics: frozenset[int]
    last_event_id: int | None


def visible_metrics(topic: Topic) -> frozenset[int] | None:
    """The Metrics of `topic` that its user sees now; None where the object itself is not seen."""
    user = User.objects.filter(pk=topic.user, is_active=True).first()
    if user is None or not topic.model.objects.visible_to(user).filter(pk=topic.pk).exists():
        return None
    metrics = Metric.objects.visible_to(user).filter(**{_METRICS_OF[topic.model]: topic.pk})
    return frozenset(metrics.order_by().values_list("pk", flat=True))


def still_valid(given: Iterable[Credentials], now: datetime) -> set[Credentials]:
    """Those that still sign their user in, in three queries however many there are."""
    given = set(given)
    users = User.objects.filter(pk__in={each.user for each in given}, is_active=True)
    passwords = dict(users.values_list("pk", "password"))
    unexpired = Q(expiry=None) | Q(expiry__gt=now)
    tokens = ApiToken.objects.filter(unexpired, pk__in={each.token for each in given} - {None})
    sessions = Session.objects.filter(
        expire_date__gt=now, pk__in={each.session for each in given} - {None}
    )
    alive = {None, *tokens.values_list("pk", flat=True), *sessions.values_list("pk", flat=True)}
    return {
        each
        for each in given
        if passwords.get(each.user) is not None
        and (each.token is not None or passwords[each.user] == each.password)
        and {each.token, each.session} <= alive
    }

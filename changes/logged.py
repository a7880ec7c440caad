"""What is logged: which models, which of their fields, and what an entry says a row is."""

from functools import singledispatch
from typing import Any, NamedTuple

from auditlog.registry import auditlog
from django.contrib.auth.models import Group, Permission
from django.db import models
from django.utils.crypto import salted_hmac

from accounts.models import ApiToken, User
from devices.models import Device
from ingest.models import Alias
from metrics.models import Metric
from sites.models import Site, SiteAssignment
from subscriptions.models import Subscription

MODELS = (Site, SiteAssignment, Device, Metric, Alias, Subscription, ApiToken, User, Group)
RELATIONS: Any = (User.groups, User.user_permissions, Group.permissions, Subscription.metrics)
# They change by themselves, or say what nobody may read.
_LEFT_OUT = {"created_at", "updated_at"}
_LEFT_OUT_OF: dict[type[models.Model], set[str]] = {
    ApiToken: {"digest", "token_key", "created", "last_used_at"},
    User: {"last_login", "date_joined", "second_factor_changed_at"},
}
_HIDDEN: dict[type[models.Model], list[str]] = {User: ["password"]}
# What the names of rows are made of, to be fetched along with many of them.
_NAMED_AFTER: dict[type[models.Model], tuple[str, ...]] = {
    SiteAssignment: ("user", "site"),
    Metric: ("device",),
    Alias: ("metric__device",),
    Subscription: ("owner",),
    ApiToken: ("user",),
    Permission: ("content_type",),
}


class Subject(NamedTuple):
    """What an entry is about: its key and name, and the Site and Device that it belongs to."""

    key: Any
    name: str
    site: int | None = None
    device: int | None = None


def register() -> None:
    """Have django-auditlog notice each save and deletion of the logged models."""
    for model in MODELS:
        auditlog.register(
            model,
            include_fields=sorted(logged_fields(model)),
            mask_fields=_HIDDEN.get(model, []),
            mask_callable="changes.logged.hidden",
        )


def logged_fields(model: type[models.Model]) -> set[str]:
    """The fields whose changes are logged; none of a model that is not."""
    if model not in MODELS:
        return set()
    own = {field.name for field in model._meta.concrete_fields if not field.primary_key}
    return own - _LEFT_OUT - _LEFT_OUT_OF.get(model, set())


def hidden(value: str) -> str:
    """What is written down of a value that nobody may read: that it was changed."""
    return "(hidden)"


def with_names(rows: models.QuerySet[Any]) -> models.QuerySet[Any]:
    """`rows`, fetched with what their names are made of."""
    return rows.select_related(*_NAMED_AFTER.get(rows.model, ()))


@singledispatch
def subject_of(row: Any) -> Subject:
    """What an entry about `row` is about."""
    return Subject(row.pk, str(row))


@subject_of.register
def _of_site(row: Site) -> Subject:
    return Subject(row.pk, str(row), site=row.pk)


@subject_of.register
def _of_assignment(row: SiteAssignment) -> Subject:
    return Subject(row.pk, str(row), site=row.site_id)


@subject_of.register
def _of_device(row: Device) -> Subject:
    return Subject(row.pk, str(row), site=row.site_id, device=row.pk)


@subject_of.register
def _of_metric(row: Metric) -> Subject:
    return Subject(row.pk, str(row), site=row.device.site_id, device=row.device_id)


@subject_of.register
def _of_alias(row: Alias) -> Subject:
    device = row.metric.device
    return Subject(row.pk, f"{row} for {row.metric}", site=device.site_id, device=device.pk)


@subject_of.register
def _of_subscription(row: Subscription) -> Subject:
    return Subject(row.pk, f"{row} of {row.owner}")


@subject_of.register
def _of_token(row: ApiToken) -> Subject:
    """By a pseudonym: the key of a token's row is the digest of its secret."""
    pseudonym = salted_hmac("changes.token", row.pk, algorithm="sha256").hexdigest()[:16]
    return Subject(pseudonym, f"{row} of {row.user}")

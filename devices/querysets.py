"""Queries for Devices."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Self

from django.db.models import DateTimeField, F, Q, Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from devices.kinds import DeviceStatus
from energy.querysets import ToldQuerySet
from sites.querysets import seen_by


def in_service(now: datetime, path: str = "") -> Q:
    """The condition that a Device is in service at `now`, as far as people have said.

    It is at the lookup `path` from the row. The dates decide; a Device without any is in service,
    although figures expect nothing of it before its first reading.
    """
    start, end = f"{path}in_service_from", f"{path}retired_at"
    begun = Q(**{f"{start}__isnull": True}) | Q(**{f"{start}__lte": now})
    return begun & (Q(**{f"{end}__isnull": True}) | Q(**{f"{end}__gt": now}))


class DeviceQuerySet(ToldQuerySet):
    """Devices; every query for a user starts with `visible_to(user)`.

    Many at once are dated when they are retired, as one is that is saved.
    """

    def visible_to(self, user: Any) -> Self:
        """The Devices of the Sites that `user` sees."""
        return self.filter(seen_by(user, "site__"))

    def update(self, **changes: Any) -> int:
        if "status" in changes and "retired_at" not in changes:
            changes["retired_at"] = _retirement(changes["status"])
        return super().update(**changes)

    update.alters_data = True  # type: ignore[attr-defined]

    def bulk_update(self, objs: Iterable[Any], fields: Iterable[str], *args: Any) -> int:
        dated = {*fields, "retired_at"} if "status" in fields else fields
        return super().bulk_update(_dated(objs), dated, *args)

    bulk_update.alters_data = True  # type: ignore[attr-defined]

    def bulk_create(self, objs: Iterable[Any], *args: Any, **kwargs: Any) -> list[Any]:
        return super().bulk_create(_dated(objs), *args, **kwargs)

    bulk_create.alters_data = True  # type: ignore[attr-defined]


def _dated(devices: Iterable[Any]) -> list[Any]:
    listed = list(devices)
    for device in listed:
        device.date_retirement()
    return listed


def _retirement(status: str) -> Any:
    """When Devices that take this status were retired: `Device.date_retirement`, for many."""
    if status == DeviceStatus.RETIRED:
        return Coalesce(F("retired_at"), Value(timezone.now(), DateTimeField()))
    return None

"""What is logged beyond single saves and deletions: relations, many rows at once, readings."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from typing import Any

from auditlog.diff import model_instance_diff
from django.contrib.auth.models import Group
from django.db.models import QuerySet
from django.db.models.signals import m2m_changed, pre_delete

from accounts.models import User
from changes.actors import THE_SYSTEM, current_actor
from changes.logged import MODELS, RELATIONS, logged_fields, with_names
from changes.models import MAX_NAMES, Change
from energy.instants import from_micros
from energy.signals import rows_created, rows_updating
from history.models import Reading
from history.signals import readings_pruned
from ingest.signals import readings_deleted
from sites.models import Site

_ADDED, _REMOVED = "add", "delete"
_OPERATIONS = {"post_add": _ADDED, "post_remove": _REMOVED, "pre_clear": _REMOVED}


def connect() -> None:
    """Listen to all that is to be logged."""
    for relation in RELATIONS:
        m2m_changed.connect(
            partial(log_relation, relation.field), sender=relation.through, weak=False
        )
    pre_delete.connect(log_lost_members, sender=Group)
    for model in MODELS:
        rows_updating.connect(watch_update, sender=model)
        rows_created.connect(log_created, sender=model)
    readings_deleted.connect(log_deleted_readings)
    readings_pruned.connect(log_pruned_readings)


def log_relation(
    field: Any, instance: Any, action: str, reverse: bool, pk_set: Any, **kwargs: Any
) -> None:
    """Log what was added to, or removed from, a relation, for each row that has the relation.

    Before it is cleared, because afterwards nobody knows what there was.
    """
    operation = _OPERATIONS.get(action)
    if operation is None or (pk_set is not None and not pk_set):
        return
    others = _others(field, instance, reverse, pk_set)
    if reverse:
        told = [(owner, _relation(field, operation, [instance], 1)) for owner in others]
    elif count := others.count():
        told = [(instance, _relation(field, operation, others[:MAX_NAMES], count))]
    else:
        return
    Change.objects.record((row, Change.Action.UPDATE, changes) for row, changes in told)


def log_lost_members(instance: Group, **kwargs: Any) -> None:
    """Log for each member that a group goes, and what it gave with it."""
    log_relation(User._meta.get_field("groups"), instance, "pre_clear", reverse=True, pk_set=None)


def watch_update(
    sender: Any, rows: QuerySet[Any], fields: set[str], **kwargs: Any
) -> AbstractContextManager[None] | None:
    """Log what an update of several rows changes in each, unless nobody wants to know of it."""
    names = {sender._meta.get_field(field).name for field in fields}
    return _logged(rows, names) if names & logged_fields(sender) else None


@contextmanager
def _logged(rows: QuerySet[Any], fields: set[str]) -> Iterator[None]:
    keys = sorted(rows.order_by().values_list("pk", flat=True))
    every = with_names(rows.model._base_manager.using(rows.db))
    # Locked, so that nobody changes them between the look and the update.
    before = every.select_for_update(of=("self",)).in_bulk(keys)
    yield
    after = every.in_bulk(keys)
    Change.objects.record(
        (row, Change.Action.UPDATE, changes)
        for key, row in after.items()
        if (changes := model_instance_diff(before[key], row, fields, use_json_for_changes=True))
    )


def log_created(sender: Any, rows: list[Any], **kwargs: Any) -> None:
    """Log rows that were created together."""
    Change.objects.record(
        (row, Change.Action.CREATE, model_instance_diff(None, row, use_json_for_changes=True))
        for row in rows
    )


def log_deleted_readings(metric: Any, window: Any, count: int, actor: Any, **kwargs: Any) -> None:
    """Log the readings that were deleted of one Metric, within a window."""
    start, end = (instant and from_micros(instant).isoformat() for instant in window)
    told = {"count": [count, None], "start": [start, None], "end": [end, None]}
    Change.objects.record(
        [(metric, Change.Action.DELETE, told)],
        model=Reading,
        actor=current_actor()._replace(user=actor),
    )


def log_pruned_readings(site_id: int, before: int, count: int, **kwargs: Any) -> None:
    """Log the readings of a Site that were not kept any longer."""
    told = {"count": [count, None], "end": [from_micros(before).isoformat(), None]}
    site = Site.objects.get(pk=site_id)
    Change.objects.record([(site, Change.Action.DELETE, told)], model=Reading, actor=THE_SYSTEM)


def _others(field: Any, instance: Any, reverse: bool, pk_set: Any) -> QuerySet[Any]:
    """The rows at the other end of the relation, named by `pk_set` or else all there are."""
    if pk_set is not None:
        model = field.model if reverse else field.related_model
        rows = model._base_manager.filter(pk__in=pk_set)
    elif reverse:
        rows = field.model._base_manager.filter(**{field.name: instance})
    else:
        rows = getattr(instance, field.name).all()
    return with_names(rows.order_by("pk"))


def _relation(field: Any, operation: str, rows: Any, count: int) -> dict[str, Any]:
    """The change of a relation, in the words of django-auditlog, with `count` beside the names."""
    names = [str(row) for row in rows]
    return {field.name: {"type": "m2m", "operation": operation, "objects": names, "count": count}}

"""Change: who changed what, when and from where."""

from collections.abc import Iterable
from typing import Any, ClassVar

from auditlog.models import AbstractLogEntry, LogEntryManager
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.utils import timezone

from changes.actors import COMMAND, SESSION, SYSTEM, TOKEN, Actor, current_actor
from changes.logged import Subject, subject_of
from changes.querysets import ChangeQuerySet
from devices.models import Device
from sites.models import Site

# Of texts and of lists, so that an entry stays small; what is left out is told.
MAX_TEXT = 1_000
MAX_NAMES = 50


class ChangeManager(LogEntryManager.from_queryset(ChangeQuerySet)):  # type: ignore[misc]
    """Writes entries, in the transaction of what they tell of."""

    def log_create(self, instance: Any, force_log: bool = False, **kwargs: Any) -> Any:
        """Write down one change of `instance`: what django-auditlog calls when it notices one."""
        if not kwargs.get("changes"):
            return None
        return self.record([(instance, kwargs["action"], kwargs["changes"])])[0]

    def record(
        self,
        told: Iterable[tuple[Any, int, dict[str, Any]]],
        *,
        model: type[models.Model] | None = None,
        actor: Actor | None = None,
    ) -> list[Any]:
        """Write down several changes, as (row, action, changes), in one statement.

        `model` is what was changed, where that is not the row itself but something of it.
        """
        made = {"timestamp": timezone.now(), **_as_columns(actor or current_actor())}
        entries = [
            entry
            for row, action, changes in told
            for entry in self._entries(model or type(row), subject_of(row), action, changes, made)
        ]
        return self.bulk_create(entries)

    def _entries(
        self,
        model: type[models.Model],
        subject: Subject,
        action: int,
        changes: dict[str, Any],
        made: dict[str, Any],
    ) -> list[Any]:
        """The entry; one for either Site where a Device is moved, which does not name the other."""
        sites = {subject.site: changes}
        if model is Device and action == self.model.Action.UPDATE and "site" in changes:
            old, new = changes["site"]
            sites = {
                old: {**changes, "site": [old, None]},
                new: {**changes, "site": [None, new]},
            }
        return [
            self.model(
                content_type=ContentType.objects.get_for_model(model),
                object_pk=str(subject.key),
                object_id=subject.key if isinstance(subject.key, int) else None,
                object_repr=subject.name,
                action=action,
                changes={name: _short(value) for name, value in told.items()},
                site_id=site,
                device_id=subject.device,
                **made,
            )
            for site, told in sites.items()
        ]


# Of rows that entries name and may outlive.
_OUTLIVED: dict[str, Any] = {
    "null": True,
    "on_delete": models.DO_NOTHING,
    "db_constraint": False,
    "db_index": False,
    "related_name": "+",
}


class Change(AbstractLogEntry):
    """What was done to one row, by whom; it outlives the row, and the Site and Device it names."""

    class Via(models.TextChoices):
        """By which means."""

        SESSION = SESSION, "signed in"
        TOKEN = TOKEN, "API token"
        COMMAND = COMMAND, "command"
        SYSTEM = SYSTEM, "the system"

    # What else the library would keep: other forms of the same, and names that requests choose.
    serialized_data = changes_text = additional_data = None
    cid = remote_port = actor_email = None
    site = models.ForeignKey(Site, **_OUTLIVED)
    device = models.ForeignKey(Device, **_OUTLIVED)
    actor_name = models.CharField(max_length=150, blank=True, db_index=True)
    via = models.CharField(max_length=7, choices=Via)

    objects: ClassVar[Any] = ChangeManager()

    class Meta(AbstractLogEntry.Meta):
        abstract = False
        ordering = ("-timestamp", "-pk")
        verbose_name = "change"
        verbose_name_plural = "changes"
        default_permissions = ("view",)
        indexes = (
            models.Index(fields=("site", "-timestamp"), name="change_of_site"),
            models.Index(fields=("device", "-timestamp"), name="change_of_device"),
        )

    def __str__(self) -> str:
        return f"{self.get_action_display()} {self.object_repr}"


def _as_columns(actor: Actor) -> dict[str, Any]:
    name = actor.user.get_username() if actor.user else ""
    return {
        "actor_id": actor.user.pk if actor.user else None,
        "actor_name": name,
        "via": actor.via,
        "remote_addr": actor.address,
    }


def _short(value: Any) -> Any:
    """A value of an entry, in which no text is longer than MAX_TEXT."""
    if isinstance(value, str):
        return value if len(value) <= MAX_TEXT else f"{value[:MAX_TEXT]}…"
    if isinstance(value, list | tuple):
        return [_short(each) for each in value]
    if isinstance(value, dict):
        return {name: _short(each) for name, each in value.items()}
    return value

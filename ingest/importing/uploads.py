"""Imports that people bring to the API or a page: understood, corrected, started."""

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
from django.db import transaction
from django.utils import timezone

from energy.errors import Conflict, DomainError
from ingest.importing import keeping
from ingest.importing.mapping import Target, find_targets, parse_wish
from ingest.importing.planning import Place
from ingest.layouts.detect import understand
from ingest.layouts.understood import Asked, NotUnderstood, Understood
from ingest.models import Import

State = Import.State


def begin_import(
    place: Place, upload: Any, asked: Asked, wishes: Sequence[str], *, dry_run: bool
) -> Import:
    """Keep a file and say what it is taken for; nothing of it is stored yet.

    What is not understood is kept as failed, with what was found and what to try, so that it can be
    corrected. Raises DomainError for what is said and cannot be, TooLarge for too much.
    """
    now = timezone.now()
    content, name = keeping.packed(upload), Path(upload.name or "file").name[:255]
    imported = Import(
        user=place.user, site=place.site, device=place.device, file_name=name, dry_run=dry_run,
        created_at=now,
    )  # fmt: skip
    _understand(imported, content, asked, wishes)
    with transaction.atomic():
        imported.save()
        keeping.keep(imported, content)
    return imported


def correct_import(imported: Import, asked: Asked, wishes: Sequence[str]) -> None:
    """Take what people say now for what they said before.

    Raises DomainError for what is said and cannot be, Conflict once it was started.
    """
    content = keeping.content_of(imported)
    with transaction.atomic():
        row = Import.objects.select_for_update().get(pk=imported.pk)
        if row.state == State.RUNNING or row.targets:
            raise Conflict("The import was started already.", code="started")
        _understand(imported, content, asked, wishes)
        imported.save()


def start_import(imported: Import) -> None:
    """Let the worker store it. Raises DomainError while something is open, Conflict if it runs."""
    understood = understood_of(imported)
    if imported.state != State.UNDERSTOOD or understood is None:
        message = f"Only what is understood can be started; this import is {imported.state}."
        raise Conflict(message, code="not_startable")
    if understood.questions:
        question = understood.questions[0]
        raise DomainError(question.message, code="open_question", field=question.field)
    keeping.content_of(imported)
    targets = [_kept(target) for target in targets_of(imported, understood)]
    started = Import.objects.filter(pk=imported.pk, state=State.UNDERSTOOD).update(
        state=State.RUNNING, targets=targets, touched_at=timezone.now()
    )
    if not started:
        raise Conflict("The import was started already.", code="started")
    imported.refresh_from_db()


def place_of(imported: Import) -> Place:
    """The Site and Device that an import is for, and who brought it."""
    return Place(imported.user, imported.site, imported.device)


def understood_of(imported: Import) -> Understood | None:
    """What the file was taken for; None where it was not understood."""
    if not imported.understood:
        return None
    return msgspec.convert(imported.understood, Understood)


def targets_of(imported: Import, understood: Understood) -> list[Target]:
    """Where the columns go. Raises DomainError, also where none has anywhere to go."""
    place = place_of(imported)
    device = place.device.slug if place.device else ""
    return find_targets(understood, list(map(parse_wish, imported.wishes)), place.sender, device)


def known_targets(imported: Import, understood: Understood) -> list[Target]:
    """Where the columns go so far; none where that is still open."""
    with suppress(DomainError):
        return targets_of(imported, understood)
    return []


def _understand(imported: Import, content: bytes, asked: Asked, wishes: Sequence[str]) -> None:
    imported.asked, imported.wishes = msgspec.to_builtins(asked), list(wishes)
    imported.touched_at = timezone.now()
    try:
        with keeping.unpacked(content, imported.file_name) as file:
            understood = understand(file, asked, zone=imported.site.time_zone)
    except NotUnderstood as refusal:
        if getattr(asked, refusal.field, ""):
            raise
        imported.state, imported.understood = State.FAILED, {}
        imported.failure = {
            "message": refusal.found, "tries": list(refusal.tries), "field": refusal.field,
        }  # fmt: skip
        return
    imported.state, imported.failure = State.UNDERSTOOD, {}
    imported.understood = msgspec.to_builtins(understood)
    if wishes:
        targets_of(imported, understood)


def _kept(target: Target) -> dict[str, Any]:
    return {
        "column": target.column, "metric": target.metric.pk, "unit": target.unit,
        "factor": target.factor, "offset": target.offset,
    }  # fmt: skip

"""What the worker does of an import: block by block, and on from where it was when it was killed.

The number of blocks that are done is raised in the transaction that stores a block, under a lock of
the row: whoever runs the same import besides stops, and no block is stored twice.
"""

import logging
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import msgspec
from django.db import transaction
from django.utils import timezone

from energy.errors import Conflict
from ingest.importing import keeping
from ingest.importing.mapping import Target
from ingest.importing.running import ImportPlan, Step
from ingest.importing.uploads import place_of, understood_of
from ingest.layouts.understood import FileBlock, NotUnderstood
from ingest.models import Import, ImportContent
from metrics.models import Metric

MOST_KEPT = 1_000  # refused cells
MOST_ATTEMPTS = 5
# An import that has done nothing for so long is taken up again.
ABANDONED = timedelta(minutes=2)
KEPT = timedelta(days=7)  # for which files are kept that were not imported
_PERMISSION = "history.add_reading"
State = Import.State

log = logging.getLogger(__name__)


def run_import(pk: int) -> None:
    """Store a started import, or check it where it is a dry run; any other is left alone."""
    imported = _taken(pk)
    if imported is None:
        return
    try:
        content = keeping.content_of(imported)
        with keeping.unpacked(content, imported.file_name) as file:
            _run(imported, _plan(imported, file))
    except (NotUnderstood, Conflict) as error:
        _fail(imported, error.message)


def abandoned_imports() -> list[int]:
    """The imports that were running when their worker ended."""
    long_ago = timezone.now() - ABANDONED
    running = Import.objects.filter(state=State.RUNNING, touched_at__lt=long_ago)
    return list(running.values_list("pk", flat=True))


def forget_old_files() -> int:
    """Delete the files that are no longer needed; how many."""
    long_ago = timezone.now() - KEPT
    old = ImportContent.objects.filter(of__touched_at__lt=long_ago).exclude(of__state=State.RUNNING)
    count, _ = old.delete()
    return count


def _taken(pk: int) -> Import | None:
    """The running import, once more attempted; None where there is nothing to do."""
    with transaction.atomic():
        imported = Import.objects.select_for_update().filter(pk=pk, state=State.RUNNING).first()
        if imported is None:
            return None
        if imported.attempts >= MOST_ATTEMPTS or not imported.user.has_perm(_PERMISSION):
            _fail(imported, _why_not(imported))
            return None
        imported.attempts += 1
        imported.touched_at = timezone.now()
        imported.save(update_fields=["attempts", "touched_at"])
    return imported


def _why_not(imported: Import) -> str:
    if imported.attempts >= MOST_ATTEMPTS:
        return f"It was started {MOST_ATTEMPTS} times and got no further: ask an administrator."
    return "Whoever started it may no longer store readings."


def _plan(imported: Import, file: Any) -> ImportPlan:
    understood = understood_of(imported)
    if understood is None:
        raise NotUnderstood("The file is not understood.")
    kept = {target["metric"]: target for target in imported.targets}
    metrics = Metric.objects.among(kept).select_related("device__site")
    targets = [_target(kept[metric.pk], metric) for metric in metrics]
    return ImportPlan(file, understood, targets, place_of(imported).sender)


def _target(kept: dict[str, Any], metric: Metric) -> Target:
    return Target(kept["column"], metric, kept["unit"], kept["factor"], kept["offset"])


def _run(imported: Import, plan: ImportPlan) -> None:
    do = plan.check_block if imported.dry_run else plan.store_block
    for number, block in enumerate(plan.blocks()):
        if number >= imported.blocks and not _do_block(imported.pk, number, block, do):
            return
    _finish(imported.pk)


def _do_block(pk: int, number: int, block: FileBlock, do: Callable[[FileBlock], Step]) -> bool:
    """Do one block and count it, together; False where somebody else has done it."""
    with transaction.atomic():
        row = Import.objects.select_for_update().get(pk=pk)
        if row.state != State.RUNNING or row.blocks != number:
            return False
        step = do(block)
        row.blocks, row.attempts, row.touched_at = number + 1, 0, timezone.now()
        row.rows += step.rows
        row.accepted += step.accepted
        row.refused_count += len(step.refused)
        row.refused += _kept(step, MOST_KEPT - len(row.refused))
        row.save(
            update_fields=[
                "blocks", "attempts", "touched_at", "rows", "accepted", "refused_count", "refused",
            ]
        )  # fmt: skip
    return True


def _kept(step: Step, room: int) -> Sequence[dict[str, Any]]:
    return [msgspec.to_builtins(each) for each in step.refused[: max(0, room)]]


def _finish(pk: int) -> None:
    with transaction.atomic():
        running = Import.objects.filter(pk=pk, state=State.RUNNING)
        if running.update(state=State.DONE, touched_at=timezone.now()):
            ImportContent.objects.filter(of=pk).delete()
    log.info("Import %s is done", pk)


def _fail(imported: Import, message: str) -> None:
    failure = {"message": message, "tries": [], "field": ""}
    Import.objects.filter(pk=imported.pk).update(
        state=State.FAILED, failure=failure, touched_at=timezone.now()
    )
    log.warning("Import %s failed: %s", imported.pk, message)

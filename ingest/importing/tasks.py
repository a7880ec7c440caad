"""What the worker does for imports. Whatever is missed or stopped, the next run does."""

import logging

from huey import crontab
from huey.contrib.djhuey import db_periodic_task, db_task

from ingest.importing import progress

log = logging.getLogger(__name__)


@db_task()
def run_import(pk: int) -> None:
    """Store an import that was started."""
    progress.run_import(pk)


@db_periodic_task(crontab())
def resume_imports() -> None:
    """Go on with the imports whose worker was ended, within two minutes."""
    for pk in progress.abandoned_imports():
        progress.run_import(pk)


@db_periodic_task(crontab(minute="47", hour="2"))
def forget_old_files() -> None:
    """Delete uploaded files that are no longer needed, while few look."""
    log.info("Deleted %s files of imports", progress.forget_old_files())

"""Whether all migrations have been applied to the database."""

import logging
import signal
import sys
import time

from django.db import OperationalError, connection
from django.db.migrations.executor import MigrationExecutor

log = logging.getLogger(__name__)
PAUSE = 0.5  # s


def is_missing_some() -> bool:
    """Whether migrations are missing. Raises OperationalError while the database is away."""
    executor = MigrationExecutor(connection)
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def await_all() -> None:
    """Wait until another process has applied all migrations; SIGTERM ends the wait."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    said = ""
    while reason := _missing():
        if reason != said:
            log.warning("Waiting: %s", reason)
            said = reason
        # Nothing notifies a process when another one has migrated. There is no time limit here,
        # because the container's health check has one.
        time.sleep(PAUSE)
    # The workers that are forked from this process open connections of their own.
    connection.close()


def _missing() -> str:
    try:
        return "migrations are missing" if is_missing_some() else ""
    except OperationalError as error:
        connection.close()
        return f"the database does not answer: {error}"

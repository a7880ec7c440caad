"""Whether the database has what the code expects of it."""

import logging
import signal
import sys
import time

from django.db import OperationalError, connection
from django.db.migrations.executor import MigrationExecutor

log = logging.getLogger(__name__)
PAUSE = 0.5  # s


def is_missing_some() -> bool:
    """Whether migrations are to be made. Raises OperationalError while the database is away."""
    executor = MigrationExecutor(connection)
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def await_all() -> None:
    """Return once somebody else has made all of them; SIGTERM ends the process meanwhile."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    said = ""
    while reason := _missing():
        if reason != said:
            log.warning("Waiting: %s", reason)
            said = reason
        # Nothing tells a process that another one has migrated. There is no limit here: how long is
        # too long, the container's health check says.
        time.sleep(PAUSE)
    # What is forked from this process opens its own.
    connection.close()


def _missing() -> str:
    try:
        return "migrations are missing" if is_missing_some() else ""
    except OperationalError as error:
        connection.close()
        return f"the database does not answer: {error}"

"""What the worker says of a database that is away: one line when it goes, one when it is back."""

import logging
import sqlite3
from threading import Lock

import psycopg

# Classes of PostgreSQL's SQLSTATE: no connection, and a server that ends or begins.
_CONNECTION = ("08", "57P")
_FILE = ("SQLITE_CANTOPEN", "SQLITE_IOERR")
# Huey's, which say every second that they could not look for work.
LOGGERS = ("huey", "huey.consumer.Worker", "huey.consumer.Scheduler")

log = logging.getLogger("huey.consumer")


class Outage(logging.Filter):
    """Makes one line of the first failure, and drops those that follow until it is over."""

    def __init__(self) -> None:
        super().__init__()
        self._lock = Lock()
        self.is_on = False
        self.failures = 0

    def watch(self) -> None:
        """Have all that Huey logs go through it."""
        for name in LOGGERS:
            logging.getLogger(name).addFilter(self)

    def filter(self, record: logging.LogRecord) -> bool:
        reason = _reason(record.exc_info[1] if record.exc_info else None)
        if reason is None:
            return True
        with self._lock:
            is_first, self.is_on = not self.is_on, True
            self.failures += 1
        record.levelno, record.levelname = logging.WARNING, "WARNING"
        record.msg, record.args = "The database is away, and jobs wait for it: %s", (reason,)
        record.exc_info = None
        return is_first

    def end(self) -> None:
        """The database has answered again."""
        self.is_on = False
        log.warning("The database is back")


def _reason(error: BaseException | None) -> str | None:
    """Why the database is away, in a line, where that is what the error, or its cause, says."""
    while error is not None:
        if is_away(error):
            return str(error).partition("\n")[0]
        error = error.__cause__
    return None


def is_away(error: BaseException) -> bool:
    """Whether there is no connection to the database, rather than a fault of what was asked."""
    if isinstance(error, psycopg.OperationalError):
        return error.sqlstate is None or error.sqlstate.startswith(_CONNECTION)
    if isinstance(error, sqlite3.OperationalError):
        return error.sqlite_errorname.startswith(_FILE)
    return isinstance(error, psycopg.InterfaceError)

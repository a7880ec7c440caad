"""How connections to the database are opened, and how long anything may take or wait there.

The settings call this before Django is set up, so it imports nothing of it.
"""

from typing import Any, NamedTuple

# A server that cannot be reached, or that vanished from the network while it was asked, is noticed
# within these times. Without them the system would wait for minutes, or for ever.
_NETWORK = {
    "connect_timeout": 5,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
}
# What Django and the history's cursors take from the options, and libpq does not know.
_NOT_LIBPQ = {"prepare_threshold"}


class Timeouts(NamedTuple):
    """Seconds that waiting for a lock, a statement, and a pause inside a transaction may last.

    0 is for ever, and leaves the server's own setting as it is.
    """

    lock: float
    statement: float
    idle_in_transaction: float


def options(database: dict[str, Any], timeouts: Timeouts, *, prepare: bool) -> dict[str, Any]:
    """The options of Django's connection to the database."""
    if _is_sqlite(database):
        return sqlite(timeouts)
    return postgresql(database.get("OPTIONS", {}), timeouts, prepare=prepare)


def queue(database: dict[str, Any]) -> dict[str, Any]:
    """The settings of huey. SQLite's queue has a file beside the database.

    It is apart because huey locks all of its file while it looks for work.
    """
    if _is_sqlite(database):
        kept = {"huey_class": "huey.SqliteHuey", "connection": _beside(database)}
    else:
        kept = {"huey_class": "huey.PostgresHuey", "connection": libpq(database)}
    return {
        "name": "energy",
        "create_tables": False,
        "results": False,
        "immediate": False,
        "consumer": {"workers": 1, "periodic": True},
        **kept,
    }


def _beside(database: dict[str, Any]) -> dict[str, Any]:
    return {"filename": f"{database['NAME']}-jobs"}


def _is_sqlite(database: dict[str, Any]) -> bool:
    return database["ENGINE"] == "django.db.backends.sqlite3"


def sqlite(timeouts: Timeouts) -> dict[str, Any]:
    """Options for SQLite, which knows no limit but the one on waiting for the writer's lock."""
    return {
        # Writers queue for the lock at BEGIN instead of failing when they upgrade a read lock.
        "transaction_mode": "IMMEDIATE",
        "timeout": timeouts.lock,
        # `synchronous`: with NORMAL a power cut could take the last commits with it, and what is
        # acknowledged is never lost. `wal_autocheckpoint`: a sweep over a thousand Metrics changes
        # a page of each. At SQLite's own 1,000 pages each such commit would carry the log into the
        # database file; at 8,000 (32 MiB) every sixth does, and mostly the same pages.
        "init_command": (
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-4096;"
            "PRAGMA temp_store=MEMORY; PRAGMA wal_autocheckpoint=8000;"
        ),
    }


def postgresql(given: dict[str, Any], timeouts: Timeouts, *, prepare: bool) -> dict[str, Any]:
    """Options for PostgreSQL; those `given` with the database's address win over these."""
    options = {**_NETWORK, **given}
    limits = {
        "lock_timeout": timeouts.lock,
        "statement_timeout": timeouts.statement,
        "idle_in_transaction_session_timeout": timeouts.idle_in_transaction,
    }
    words = [f"-c {name}={round(limit * 1000)}" for name, limit in limits.items() if limit]
    if words := [*words, *filter(None, [given.get("options")])]:
        options["options"] = " ".join(words)
    if prepare:
        # For the history's own statements, which are planned once a connection then. Django's are
        # not bound by the server: it would cut a number that its type of integer does not hold.
        options["prepare_threshold"] = 3
    return options


def libpq(database: dict[str, Any]) -> dict[str, Any]:
    """The same connection for a library that opens its own."""
    parts = {name: database[name.upper()] or None for name in ("host", "port", "user", "password")}
    options = {name: o for name, o in database["OPTIONS"].items() if name not in _NOT_LIBPQ}
    return {"dbname": database["NAME"], **parts, **options}

"""The backend of the database that is configured."""

from functools import cache

from django.db import connection

from history.relational.base import Backend


@cache
def backend() -> Backend:
    """That of the database that is configured."""
    if connection.vendor == "postgresql":
        from history.relational.postgresql import PostgreSQLBackend

        return PostgreSQLBackend()
    from history.relational.sqlite import SQLiteBackend

    return SQLiteBackend()

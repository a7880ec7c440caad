"""What the database takes on disk."""

import os
from pathlib import Path

from django.db import connection


def database_bytes() -> int:
    """The whole database with its indexes, once everything is written."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("VACUUM")
            cursor.execute("CHECKPOINT")
            cursor.execute("SELECT pg_database_size(current_database())")
            return int(cursor.fetchone()[0])
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        cursor.fetchall()
    return Path(os.environ["DATABASE_URL"].removeprefix("sqlite:///")).stat().st_size

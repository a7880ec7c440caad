"""Makes the database that a release leaves behind, and keeps it as a file beside this one.

`make release-database` runs it on SQLite and on PostgreSQL, with the code of the release that the
files are named after. The files of a release that is out are never made anew.
"""

import lzma
import os
import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

import django

from tests.upgrades.release_0_1_0 import NAME

# psql's own commands, which newer versions of pg_dump write and no server understands.
_PSQL_COMMANDS = re.compile(r"^\\.*\n", re.MULTILINE)


def main() -> None:
    """Make it in the PostgreSQL that PGHOST names, where there is one, else in SQLite."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "db.sqlite3"
        on_postgresql = "PGHOST" in os.environ
        os.environ |= {
            "DATABASE_URL": _postgresql_url() if on_postgresql else f"sqlite:///{file}",
            "DJANGO_SETTINGS_MODULE": "energy.settings",
            "SECRET_KEY": "only-for-this-database-" + "0123456789abcdef" * 4,
            "STATIC_ROOT": folder,
        }
        django.setup()
        from tests.upgrades.filling import fill

        fill()
        if on_postgresql:
            _keep(_dump(), "sql")
        else:
            _keep(_compact(file), "sqlite3")


def _postgresql_url() -> str:
    return "postgres://{PGUSER}:{PGPASSWORD}@{PGHOST}:{PGPORT}/postgres".format_map(os.environ)


def _keep(content: bytes, suffix: str) -> None:
    path = Path(__file__).with_name(f"{NAME}.{suffix}.xz")
    path.write_bytes(lzma.compress(content, preset=lzma.PRESET_EXTREME | 9))
    sys.stdout.write(f"{path.name}: {path.stat().st_size:,} bytes\n")


def _compact(file: Path) -> bytes:
    """The database as one file without its log."""
    with closing(sqlite3.connect(file)) as database:
        database.execute("PRAGMA journal_mode = DELETE")
        database.execute("VACUUM")
    return file.read_bytes()


def _dump() -> bytes:
    """The database as statements that any client can send."""
    command = ["pg_dump", "--no-owner", "--no-privileges", "--rows-per-insert=500", "postgres"]
    dumped = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return _PSQL_COMMANDS.sub("", dumped).encode()


if __name__ == "__main__":
    main()

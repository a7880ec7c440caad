"""`make bench`: measures on SQLite and on PostgreSQL, and keeps the table in bench/RESULTS.md."""

import os
import platform
import secrets
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

RESULTS = Path(__file__).with_name("RESULTS.md")
ENGINE = [sys.executable, "-m", "bench.engine"]
# Durable as in production: no fsync=off here.
ON_POSTGRESQL = (
    'export DATABASE_URL="postgres://$PGUSER:$PGPASSWORD@$PGHOST:$PGPORT/postgres"; exec "$@"'
)


def on_sqlite(environment: dict[str, str]) -> str:
    """The table of figures on SQLite."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/bench.sqlite3"
        return _output(ENGINE, environment | {"DATABASE_URL": url})


def on_postgresql(environment: dict[str, str]) -> str:
    """The table of figures on a throw-away PostgreSQL."""
    program = shutil.which("pg_virtualenv")
    if program is None:
        return "Not measured: `pg_virtualenv` is not installed."
    return _output([program, "-t", "sh", "-c", ON_POSTGRESQL, "sh", *ENGINE], environment)


def _output(command: list[str], environment: dict[str, str]) -> str:
    answer = subprocess.run(
        command, env=environment, stdout=subprocess.PIPE, encoding="utf-8", check=True
    )
    # pg_virtualenv tells of its cluster on the same stream.
    return "\n".join(line for line in answer.stdout.splitlines() if line.startswith("|"))


def machine() -> str:
    """The size of this machine, in a line."""
    gib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{os.cpu_count()} cores, {gib:.0f} GiB, Python {platform.python_version()}, "
        f"SQLite {sqlite3.sqlite_version}, {datetime.now(UTC):%Y-%m-%d}"
    )


def main() -> int:
    """Measure both engines, print the report and keep it."""
    environment = os.environ | {"SECRET_KEY": secrets.token_hex(48)}
    report = (
        "# Benchmark\n\n"
        "Written by `make bench`: medians of requests through the server as `make run` starts it\n"
        "(two workers), one client, in turns with their floor, all in one run. The ratio is the\n"
        "request's time over the floor's.\n\n"
        f"{machine()}\n\n"
        f"## SQLite\n\n{on_sqlite(environment)}\n\n"
        f"## PostgreSQL\n\n{on_postgresql(environment)}\n"
    )
    print(report)
    RESULTS.write_text(report, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())

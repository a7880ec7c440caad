"""`make bench` measures SQLite and PostgreSQL into bench/RESULTS.md; `make bench-peers` measures
the product beside InfluxDB and VictoriaMetrics into bench/PEERS.md."""

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

from bench.explanations import INTRODUCTION, PEERS_INTRODUCTION, WHY_BEHIND, WHY_MISSED
from bench.size import Size

RESULTS = Path(__file__).with_name("RESULTS.md")
PEERS_FILE = Path(__file__).with_name("PEERS.md")
PEERS = ("influxd", "victoria-metrics")
PEER_DAYS = 7
# Durable as in production: no fsync=off here.
ON_POSTGRESQL = (
    'export DATABASE_URL="postgres://$PGUSER:$PGPASSWORD@$PGHOST:$PGPORT/postgres"; exec "$@"'
)


def measured(module: str, environment: dict[str, str], *, on_postgresql: bool) -> str:
    """The report that a module writes about one engine, with a throw-away database."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report"
        command = [sys.executable, "-m", "bench.run", module, str(report)]
        if on_postgresql:
            program = shutil.which("pg_virtualenv")
            if program is None:
                return "Not measured: `pg_virtualenv` is not installed."
            command = [program, "-t", "sh", "-c", ON_POSTGRESQL, "sh", *command]
        else:
            environment |= {"DATABASE_URL": f"sqlite:///{folder}/bench.sqlite3"}
        subprocess.run(command, env=environment, check=True)
        return report.read_text("utf-8")


def machine() -> str:
    """The size of this machine, in a line."""
    gib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{os.cpu_count()} cores, {gib:.0f} GiB, Python {platform.python_version()}, "
        f"SQLite {sqlite3.sqlite_version}, {datetime.now(UTC):%Y-%m-%d}"
    )


def environment() -> dict[str, str]:
    """The environment of the product."""
    return os.environ | {"SECRET_KEY": secrets.token_hex(48)}


def engines() -> str:
    """The report on both engines."""
    size = Size.from_environment()
    head = INTRODUCTION.format(metrics=size.metrics, days=size.days, machine=machine())
    return (
        f"{head}\n"
        f"## SQLite\n\n{measured('bench.engine', environment(), on_postgresql=False)}\n\n"
        f"## PostgreSQL\n\n{measured('bench.engine', environment(), on_postgresql=True)}\n"
        f"{WHY_MISSED}"
    )


def peers() -> str:
    """The report on the product, on PostgreSQL, beside other stores of time series."""
    missing = [program for program in PEERS if shutil.which(program) is None]
    if missing:
        sys.exit(f"Not installed: {', '.join(missing)}; Debian has influxdb and victoria-metrics.")
    size = Size.from_environment(days=PEER_DAYS)
    head = PEERS_INTRODUCTION.format(metrics=size.metrics, days=size.days, machine=machine())
    return f"{head}\n{measured('bench.peers', environment(), on_postgresql=True)}\n{WHY_BEHIND}"


def main() -> int:
    """Measure, print the report and keep it."""
    target, report = (PEERS_FILE, peers) if sys.argv[1:] == ["peers"] else (RESULTS, engines)
    text = report()
    print(text)
    target.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())

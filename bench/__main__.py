"""Measures and writes reports.

`make bench` measures SQLite and PostgreSQL into bench/RESULTS.md, `make bench-peers` the product
beside InfluxDB and VictoriaMetrics into bench/PEERS.md, and `make bench-intake` the formats that
readings are sent in into bench/INTAKE.md.
"""

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

from bench.explanations import (
    INTAKE_INTRODUCTION,
    INTRODUCTION,
    PEERS_INTRODUCTION,
    WHY_BEHIND,
    WHY_MISSED,
    WHY_SMALL_REQUESTS_COST,
)
from bench.size import Size

RESULTS = Path(__file__).with_name("RESULTS.md")
PEERS_FILE = Path(__file__).with_name("PEERS.md")
INTAKE_FILE = Path(__file__).with_name("INTAKE.md")
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


def on_both_engines(module: str) -> str:
    """The reports of a module on both engines."""
    return (
        f"## SQLite\n\n{measured(module, environment(), on_postgresql=False)}\n\n"
        f"## PostgreSQL\n\n{measured(module, environment(), on_postgresql=True)}\n"
    )


def engines() -> str:
    """The report on both engines."""
    size = Size.from_environment()
    head = INTRODUCTION.format(metrics=size.metrics, days=size.days, machine=machine())
    return f"{head}\n{on_both_engines('bench.engine')}{WHY_MISSED}"


def intake() -> str:
    """The report on the formats of readings, on both engines."""
    head = INTAKE_INTRODUCTION.format(machine=machine())
    return f"{head}\n{on_both_engines('bench.intake')}{WHY_SMALL_REQUESTS_COST}"


def peers() -> str:
    """The report on the product, on PostgreSQL, beside other stores of time series."""
    missing = [program for program in PEERS if shutil.which(program) is None]
    if missing:
        sys.exit(f"Not installed: {', '.join(missing)}; Debian has influxdb and victoria-metrics.")
    size = Size.from_environment(days=PEER_DAYS)
    head = PEERS_INTRODUCTION.format(metrics=size.metrics, days=size.days, machine=machine())
    return f"{head}\n{measured('bench.peers', environment(), on_postgresql=True)}\n{WHY_BEHIND}"


REPORTS = {
    (): (RESULTS, engines),
    ("peers",): (PEERS_FILE, peers),
    ("intake",): (INTAKE_FILE, intake),
}


def main() -> int:
    """Measure, print the report and keep it."""
    target, report = REPORTS[tuple(sys.argv[1:])]
    text = report()
    print(text)
    target.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())

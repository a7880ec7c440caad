"""`manage.py consume_mqtt` as a process, on a database of its own."""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent
from urllib.parse import urlsplit

import psycopg
from django.conf import settings

from tests.support.composition import ROOT
from tests.support.processes import wait_for
from tests.support.stack import fresh_database

ON_SQLITE = "sqlite3" in settings.DATABASES["default"]["ENGINE"]
METERS = 12
POPULATE = f"""
    from sites.models import Site
    from devices.models import Device
    site = Site.objects.create(name="Depot", slug="depot", time_zone="Europe/Berlin")
    for number in range({METERS}):
        Device.objects.create(site=site, name=f"Meter {{number}}", kind="load_meter")
"""


@dataclass(frozen=True)
class Installation:
    """A database with a Site `depot` and its load meters `meter-0`, `meter-1`, …"""

    folder: Path
    database_url: str

    @property
    def environment(self) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        return kept | {
            "DATABASE_URL": self.database_url,
            "DJANGO_SETTINGS_MODULE": "energy.settings",
            "SECRET_KEY": "only-for-tests-" + "0123456789abcdef" * 4,
            "VAR_DIR": str(self.folder / "var"),
            "LOCK_TIMEOUT": "1",
        }

    def manage(self, *command: str, script: str = "") -> None:
        subprocess.run(
            [sys.executable, "manage.py", *command], cwd=ROOT, env=self.environment,
            input=dedent(script).encode(), check=True,
        )  # fmt: skip

    def query(self, statement: str) -> list[tuple[object, ...]]:
        """The rows of a statement."""
        if ON_SQLITE:
            with closing(sqlite3.connect(self.database_url.removeprefix("sqlite:///"))) as database:
                return database.execute(statement).fetchall()
        with psycopg.connect(self.database_url) as database:
            return database.execute(statement).fetchall()

    def readings(self, meter: int) -> list[tuple[int, float]]:
        """Instants in seconds and values of a meter's power."""
        rows = self.query(
            "SELECT r.timestamp, r.value FROM history_reading r JOIN metrics_metric m"
            " ON m.id = r.metric_id JOIN devices_device d ON d.id = m.device_id"
            f" WHERE d.slug = 'meter-{meter}' ORDER BY 1"
        )
        return [(int(instant) // 1_000_000, value) for instant, value in rows]

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """Nobody gets anything from the database while the block lasts."""
        with ExitStack() as stack:
            if ON_SQLITE:
                path = self.database_url.removeprefix("sqlite:///")
                database = stack.enter_context(
                    closing(sqlite3.connect(path, isolation_level=None, timeout=20))
                )
                database.execute("BEGIN EXCLUSIVE")
            else:
                stack.enter_context(self._closed())
            yield

    @contextmanager
    def _closed(self) -> Iterator[None]:
        parts = urlsplit(self.database_url)
        name, server = parts.path.strip("/"), parts._replace(path="/postgres").geturl()
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
            connection.execute(
                f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
            )
            try:
                yield
            finally:
                connection.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')


@contextmanager
def installation(folder: Path) -> Iterator[Installation]:
    """An installation that is there while the block lasts."""
    with fresh_database(folder) as database_url:
        installed = Installation(folder, database_url)
        installed.manage("migrate", "--verbosity=0")
        installed.manage("shell", "--verbosity=0", script=POPULATE)
        yield installed


class ConsumerProcess:
    """A consumer of a broker's messages."""

    def __init__(self, installed: Installation, broker_url: str, **further: str) -> None:
        self._log = installed.folder / f"consumer-{os.urandom(4).hex()}.log"
        self.heartbeat = self._log.with_suffix(".heartbeat")
        command = ["consume_mqtt", "--heartbeat", str(self.heartbeat)]
        environment = {"MQTT_CLIENT_ID": "energy", "MQTT_URL": broker_url, **further}
        with self._log.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", *command], cwd=ROOT,
                env=installed.environment | environment, stdout=output, stderr=subprocess.STDOUT,
            )  # fmt: skip

    @property
    def log(self) -> str:
        return self._log.read_text(encoding="utf-8")

    def wait_until_connected(self) -> None:
        wait_for(lambda: self.process.poll() is not None or "Connected to the broker" in self.log)
        assert self.process.poll() is None, self.log

    def stop(self) -> int:
        self.process.terminate()
        return self.process.wait(timeout=15)


@contextmanager
def consumer(installed: Installation, broker_url: str, **further: str) -> Iterator[ConsumerProcess]:
    """A consumer that is connected, stopped after the block."""
    running = ConsumerProcess(installed, broker_url, **further)
    try:
        running.wait_until_connected()
        yield running
    finally:
        running.process.kill()
        running.process.wait()

"""A running server as gateways in the field meet it, and what keeps it from answering at times."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import requests

from tests.support.composition import ROOT
from tests.support.factories import PASSWORD
from tests.support.processes import free_port
from tests.support.stack import application, make_secrets


@dataclass(frozen=True)
class Served:
    """A server by plain HTTP, with a technician's token and one that only sends readings."""

    port: int
    database: str
    token: str
    key: str

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def get(self, path: str) -> Any:
        """What the API answers to the technician."""
        headers = {"Authorization": f"Token {self.token}"}
        answer = requests.get(f"{self.url}/api/v1/{path}", headers=headers, timeout=60)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def readings(self, metric: int = 1) -> list[float]:
        """The values of a Metric of the first hour of 2026, in the order of their instants."""
        window = "start=2026-01-01T00:00:00Z&end=2026-01-01T01:00:00Z&resolution=raw"
        [series] = self.get(f"metrics/{metric}/timeseries/?{window}")["series"]
        values: list[float] = series["values"]
        return values

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Somebody else writes, and nobody can, while the block lasts: the server answers 503."""
        scheme, _, path = self.database.partition("://")
        if scheme == "sqlite":
            with closing(_sqlite(path)) as connection:
                connection.execute("BEGIN IMMEDIATE")
                yield
            return
        with psycopg.connect(self.database) as connection:
            connection.execute("LOCK TABLE metrics_metric IN ACCESS EXCLUSIVE MODE")
            yield
            connection.rollback()


def _sqlite(path: str) -> sqlite3.Connection:
    # The block may end in another thread, that of a client.
    return sqlite3.connect(path, isolation_level=None, check_same_thread=False)


@contextmanager
def served(folder: Path, **settings: str) -> Iterator[Served]:
    """Serve a Site with a Device of one Metric; the token that only sends is bound to the Site."""
    make_secrets(folder)
    port = free_port()
    people = ROOT / "tests" / "support" / "people.py"
    plain = {"BEHIND_HTTPS": "false", "WEB_LOCK_TIMEOUT": "0.3", **settings}
    with application(folder, port, people, **plain):
        api = f"http://127.0.0.1:{port}/api/v1"
        person = {"username": "technician", "password": PASSWORD}
        token = requests.post(f"{api}/auth/login/", json=person, timeout=60).json()["token"]
        wanted = {"name": "gateway", "scope": "ingest", "site": 1}
        made = requests.post(
            f"{api}/tokens/", json=wanted, headers={"Authorization": f"Token {token}"}, timeout=60
        )
        assert made.status_code == 201, made.text
        database = (folder / "secrets" / "application" / "database-url").read_text()
        yield Served(port, database, token, made.json()["token"])

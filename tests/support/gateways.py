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
    """A server by plain HTTP, and the token of a technician there."""

    port: int
    database: str
    token: str

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def get(self, path: str) -> Any:
        """What the API answers to the technician."""
        headers = {"Authorization": f"Token {self.token}"}
        answer = requests.get(f"{self.url}/api/v1/{path}", headers=headers, timeout=60)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(self, path: str, body: dict[str, Any]) -> Any:
        """What the API answers to the technician, who adds something."""
        headers = {"Authorization": f"Token {self.token}"}
        url = f"{self.url}/api/v1/{path}"
        answer = requests.post(url, json=body, headers=headers, timeout=60)
        assert answer.status_code == 201, answer.text
        return answer.json()

    def new_key(self) -> str:
        """The key of a new token that only sends readings, of the one Site there is."""
        made = self.post("tokens/", {"name": "gateway", "scope": "ingest", "site": 1})
        return str(made["token"])

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
    """Serve a Site with a Device of one Metric."""
    make_secrets(folder)
    port = free_port()
    people = ROOT / "tests" / "support" / "people.py"
    plain = {"BEHIND_HTTPS": "false", "WEB_LOCK_TIMEOUT": "0.3", **settings}
    with application(folder, port, people, **plain):
        api = f"http://127.0.0.1:{port}/api/v1"
        person = {"username": "technician", "password": PASSWORD}
        token = requests.post(f"{api}/auth/login/", json=person, timeout=60).json()["token"]
        database = (folder / "secrets" / "application" / "database-url").read_text()
        yield Served(port, database, token)

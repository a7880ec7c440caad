"""The web server and the server of streams, each a process, on a database of the engine's own."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.browser.conftest import browser_type_launch_args  # noqa: F401 - a fixture
from tests.support.composition import ROOT
from tests.support.factories import PASSWORD
from tests.support.processes import free_port, running
from tests.support.stack import (
    application_environment,
    fresh_database,
    make_secrets,
    prepare_application,
)

FLEET = Path(__file__).with_name("fleet.py")


class Reader:
    """Reads a stream as its bytes come; a test fails that waits for longer than 20 s."""

    def __init__(self, answer: requests.Response) -> None:
        self.answer = answer
        self._lines = answer.iter_lines(chunk_size=1, decode_unicode=True)

    def event(self) -> dict[str, Any]:
        """The next event; its `id` beside its data."""
        found: dict[str, str] = {}
        for line in self._lines:
            if not line and found.get("event"):
                return {"id": int(found["id"]), **json.loads(found["data"])}
            name, _, value = line.partition(": ")
            found[name] = value
        raise EOFError

    def until(self, metric: int, value: float) -> dict[str, Any]:
        """The next event that tells this value of the Metric."""
        while (event := self.event())["metric"] != metric or event["value"] != value:
            continue
        return event

    def ends(self) -> bool:
        """Read to the end."""
        try:
            while self.event():
                continue
        except (EOFError, requests.exceptions.ChunkedEncodingError):
            return True
        return False


@dataclass
class Streams:
    """Both servers, and what there is in their database."""

    folder: Path
    environment: dict[str, str]
    web: int
    live: int
    made: dict[str, Any] = field(default_factory=dict)

    def ask(self, path: str, *, port: int = 0, user: str = "standard", **headers: str) -> Any:
        """The answer to a request for a stream, of which nothing is read."""
        key = self.made["tokens"].get(user)
        signed = {"Authorization": f"Bearer {key}"} if key else {}
        return requests.get(
            f"http://127.0.0.1:{port or self.live}{path}",
            headers={**signed, **headers},
            stream=True,
            timeout=20,
        )

    def open(self, path: str = "", **options: Any) -> Reader:
        """A stream that has begun."""
        answer = self.ask(path or f"/api/v1/devices/{self.made['device']}/stream/", **options)
        assert answer.status_code == 200, answer.text
        assert answer.headers["Content-Type"] == "text/event-stream"
        return Reader(answer)

    def send(self, *readings: tuple[int, str, float]) -> None:
        """Store readings by HTTP."""
        body = [dict(zip(("metric", "timestamp", "value"), each, strict=True)) for each in readings]
        answer = requests.post(
            f"http://127.0.0.1:{self.web}/api/v1/readings/",
            json={"readings": body},
            headers={"Authorization": f"Bearer {self.made['tokens']['technician']}"},
            timeout=20,
        )
        assert answer.status_code == 200, answer.text

    def manage(self, code: str) -> str:
        """What a piece of Python says that is run where the models are."""
        command = [sys.executable, "manage.py", "shell", "--verbosity=0"]
        answer = subprocess.run(
            command,
            cwd=ROOT,
            env=self.environment,
            input=code,
            check=True,
            capture_output=True,
            text=True,
        )
        return answer.stdout

    @contextmanager
    def serving(self, name: str) -> Iterator[Any]:
        """The server of pages (`web`) or that of streams (`live`), while the block lasts."""
        config = {"web": "gunicorn", "live": "live"}[name]
        with running(
            [sys.executable, "-m", "gunicorn", "--config", f"deploy/{config}.conf.py"],
            port=getattr(self, name),
            environment=self.environment,
            log=self.folder / f"{name}.log",
        ) as process:
            yield process


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Streams]:
    """The database and what is in it; nobody serves it yet."""
    folder = tmp_path_factory.mktemp("streams")
    make_secrets(folder)
    web, live = free_port(), free_port()
    with fresh_database(folder) as database_url:
        environment = application_environment(folder, database_url, web) | {
            "BEHIND_HTTPS": "false",
            "LIVE_BIND": f"127.0.0.1:{live}",
            "LIVE_ADDRESS": f"127.0.0.1:{live}",
            "STREAMS_PER_USER": "3",
            "PYTHONPATH": str(ROOT),
            "FLEET_PASSWORD": PASSWORD,
        }
        prepare_application(environment)
        streams = Streams(folder, environment, web, live)
        streams.made = json.loads(streams.manage(FLEET.read_text(encoding="utf-8")))
        yield streams


@pytest.fixture(scope="module")
def streams(stored: Streams) -> Iterator[Streams]:
    """Both servers."""
    with stored.serving("web"), stored.serving("live"):
        yield stored

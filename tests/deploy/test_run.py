"""`make run`, from an empty database to the last process gone."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from deploy.run import wait_until_it_answers
from tests.support.composition import ROOT
from tests.support.processes import free_port, wait_for

PASSWORD = "correct horse battery staple"


class Run:
    """One `python -m deploy.run` on loopback, its output collected in a file."""

    def __init__(self, folder: Path, **settings: str) -> None:
        self.port = free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self._log = folder / f"run-{self.port}.log"
        environment = os.environ | {
            "PORT": str(self.port),
            "DATABASE_URL": f"sqlite:///{folder / 'db.sqlite3'}",
            "STATIC_ROOT": str(folder / "static"),
            "DEMO_PASSWORD": PASSWORD,
            "DEMO_DAYS": "1",
            "DJANGO_SETTINGS_MODULE": "energy.settings",
            **settings,
        }
        # As the Makefile does: bytecode is kept.
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        with self._log.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "deploy.run"],
                cwd=ROOT,
                env=environment,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    @property
    def output(self) -> str:
        return self._log.read_text(encoding="utf-8")

    def wait_until_welcome(self) -> None:
        wait_for(lambda: self.process.poll() is not None or "Ctrl-C" in self.output, seconds=90)
        assert self.process.poll() is None, self.output

    def children(self) -> list[Path]:
        """The /proc folders of the processes it has started, and of theirs."""
        found, parents = [], [self.process.pid]
        for parent in parents:
            listed = Path(f"/proc/{parent}/task/{parent}/children").read_text(encoding="ascii")
            parents += [int(pid) for pid in listed.split()]
            found += [Path(f"/proc/{pid}") for pid in listed.split()]
        return found

    def stop(self, signum: signal.Signals) -> int:
        self.process.send_signal(signum)
        return self.process.wait(timeout=40)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the database stays from one start to the next."""
    return tmp_path_factory.mktemp("run")


@contextmanager
def started(folder: Path, **settings: str) -> Iterator[Run]:
    """A run that has told its address, stopped after the block."""
    run = Run(folder, **settings)
    try:
        run.wait_until_welcome()
        yield run
    finally:
        if run.process.poll() is None:
            run.stop(signal.SIGTERM)


@pytest.fixture(scope="module")
def first(folder: Path) -> Iterator[Run]:
    """The first start, which makes the database and the demo."""
    with started(folder) as run:
        yield run


@pytest.fixture
def second(first: Run, folder: Path) -> Iterator[Run]:
    """A start on the database that the first one has made."""
    with started(folder) as run:
        yield run


def test_it_answers_at_the_address_it_prints(first: Run) -> None:
    assert f"Open      {first.address}/" in first.output
    assert requests.get(first.address + "/healthz", timeout=10).status_code == 200


def test_it_lets_the_demo_users_in_with_the_password_given(first: Run) -> None:
    session = requests.Session()
    form = session.get(first.address + "/login/", timeout=10)
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', form.text)
    assert token is not None
    answer = session.post(
        first.address + "/login/",
        data={"username": "standard", "password": PASSWORD, "csrfmiddlewaretoken": token[1]},
        timeout=10,
    )
    assert answer.url == first.address + "/sites/"


def test_a_second_start_makes_no_demo_again(first: Run, second: Run) -> None:
    assert "Making the demo" in first.output
    assert "Making the demo" not in second.output


def test_it_listens_on_loopback_only(first: Run) -> None:
    wanted = f"{first.port:04X}"
    listening = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()]
    addresses = {line[1] for line in listening if line[3] == "0A" and line[1].endswith(wanted)}
    assert addresses == {f"0100007F:{wanted}"}


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_server_and_simulator_end_with_it(second: Run, signum: signal.Signals) -> None:
    children = second.children()
    assert len(children) >= 3
    assert second.stop(signum) == 0
    assert [child for child in children if child.exists()] == []


def test_a_taken_port_is_named_with_a_way_out(first: Run) -> None:
    answer = subprocess.run(
        [sys.executable, "-m", "deploy.run"],
        check=False,
        cwd=ROOT,
        env=os.environ | {"PORT": str(first.port)},
        capture_output=True,
        text=True,
    )
    assert answer.returncode == 1
    assert f"Port {first.port} is taken" in answer.stderr


def test_attempts_to_sign_in_are_counted_by_all_processes_together(tmp_path: Path) -> None:
    with started(tmp_path, LOGIN_RATE="3/min") as run:
        wrong = {"username": "technician", "password": "wrong"}
        answers = [
            requests.post(f"{run.address}/api/v1/auth/login/", json=wrong, timeout=10).status_code
            for _ in range(12)
        ]

    assert answers == [401] * 3 + [429] * 9


@pytest.mark.chdb
def test_an_embedded_history_answers_every_request(tmp_path: Path) -> None:
    with started(tmp_path, HISTORY_URL=f"chdb://{tmp_path / 'history'}") as run:
        api = f"{run.address}/api/v1"
        who = {"username": "technician", "password": PASSWORD}
        token = requests.post(f"{api}/auth/login/", json=who, timeout=10).json()["token"]
        headers = {"Authorization": f"Token {token}"}
        answers = [
            requests.get(f"{api}/metrics/1/timeseries/", headers=headers, timeout=10)
            for _ in range(6)  # each by a connection of its own, for any process to take
        ]

    assert [answer.status_code for answer in answers] == [200] * 6
    assert [value for value in answers[-1].json()["series"][0]["values"] if value is not None]


def test_a_server_that_lives_but_does_not_answer_is_not_waited_for_without_end() -> None:
    url = f"http://127.0.0.1:{free_port()}/healthz"
    with subprocess.Popen(["sleep", "600"]) as silent:
        try:
            with pytest.raises(SystemExit, match=f"nothing at {url} within 0.2 seconds"):
                wait_until_it_answers(silent, url, seconds=0.2)
        finally:
            silent.kill()

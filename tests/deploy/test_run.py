"""`make run`: what it makes, says and serves."""

import os
import re
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent

import pytest
import requests

from tests.support.composition import ROOT
from tests.support.processes import free_port, wait_for
from tests.support.runs import PASSWORD, Made, Run, started

MEMORY = 450.0  # MB


@pytest.fixture(scope="module")
def run(made: Made, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """A start on what the first one has made."""
    with started(made.copy(tmp_path_factory.mktemp("run"))) as run:
        yield run


def test_it_answers_at_the_address_it_prints(run: Run) -> None:
    assert f"Open      {run.address}/" in run.output
    assert requests.get(run.address + "/healthz", timeout=10).status_code == 200


def test_it_lets_the_demo_users_in_with_the_password_given(run: Run) -> None:
    session = requests.Session()
    form = session.get(run.address + "/login/", timeout=10)
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', form.text)
    assert token is not None
    answer = session.post(
        run.address + "/login/",
        data={"username": "standard", "password": PASSWORD, "csrfmiddlewaretoken": token[1]},
        timeout=10,
    )
    assert answer.url == run.address + "/sites/"


def test_a_second_start_makes_no_demo_again(made: Made, run: Run) -> None:
    assert "Making the demo" in made.output
    assert "Making the demo" not in run.output


def test_it_listens_on_loopback_only(run: Run) -> None:
    wanted = f"{run.port:04X}"
    listening = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()]
    addresses = {line[1] for line in listening if line[3] == "0A" and line[1].endswith(wanted)}
    assert addresses == {f"0100007F:{wanted}"}


def test_it_takes_no_more_memory_than_a_small_computer_has(run: Run) -> None:
    for _ in range(8):
        requests.get(run.address + "/login/", timeout=10)
    # Server with two processes, that of streams with one, simulator and worker; the day is computed
    # by one that ends.
    wait_for(lambda: len(run.children()) == 7)
    processes = [Path(f"/proc/{run.process.pid}"), *run.children()]
    assert sum(map(proportional_memory, processes)) < MEMORY


def proportional_memory(process: Path) -> float:
    """MB of a process; what several share is divided among them (PSS)."""
    lines = (process / "smaps_rollup").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("Pss:"))


def test_what_it_keeps_is_for_its_owner_only(made: Made, tmp_path: Path) -> None:
    folder = made.copy(tmp_path)
    for path in (folder / "var", folder / "var" / "db.sqlite3"):
        path.chmod(path.stat().st_mode | 0o055)
    with started(folder):
        modes = {path: stat.S_IMODE(path.stat().st_mode) for path in (folder / "var").rglob("*")}
    assert stat.S_IMODE((folder / "var").stat().st_mode) == 0o700
    assert {path: mode for path, mode in modes.items() if mode & 0o077} == {}


def test_a_second_one_in_the_same_folder_is_told_of_the_first(run: Run) -> None:
    other = Run(run.folder)
    assert other.process.wait(timeout=30) == 1
    assert f"runs here already: {run.address}/ (process {run.process.pid})" in other.output


def test_a_taken_port_is_named_with_a_way_out(run: Run, tmp_path: Path) -> None:
    answer = subprocess.run(
        [sys.executable, "-m", "deploy.run"],
        check=False,
        cwd=ROOT,
        env=os.environ | {"PORT": str(run.port), "VAR_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert answer.returncode == 1
    assert f"Port {run.port} is taken" in answer.stderr


def test_attempts_to_sign_in_are_counted_by_all_processes_together(
    made: Made, tmp_path: Path
) -> None:
    with started(made.copy(tmp_path), LOGIN_RATE="3/min") as run:
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
    silent = """
        from deploy.children import Child, Signals, end
        from deploy.run import wait_until_it_answers
        child = Child("The server", "sleep", "600")
        try:
            wait_until_it_answers(child, "URL", Signals(), seconds=0.2)
        finally:
            end([child])
    """
    answer = subprocess.run(
        [sys.executable, "-c", dedent(silent).replace("URL", url)],
        check=False,
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert answer.returncode == 1
    assert f"nothing at {url} within 0.2 seconds" in answer.stderr

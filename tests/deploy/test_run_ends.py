"""How `make run` ends: when told to, when a child dies, when it is killed itself."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.processes import free_port, wait_for
from tests.support.runs import Made, Run, started


@pytest.fixture
def run(made: Made, tmp_path: Path) -> Iterator[Run]:
    """A start on what the first one has made."""
    with started(made.copy(tmp_path)) as run:
        yield run


def alive(processes: list[Path]) -> list[Path]:
    """Those that have not ended; what awaits its parent's notice has."""
    return [path for path in processes if path.exists() and state(path) != "Z"]


def state(process: Path) -> str:
    try:
        return (process / "stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return "Z"


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_all_end_with_it(run: Run, signum: signal.Signals) -> None:
    children = run.children()
    assert len(children) >= 5
    assert run.stop(signum) == 0
    assert alive(children) == []


def test_several_signals_at_once_end_it_as_one_does(run: Run) -> None:
    children = run.children()
    for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGINT):
        run.process.send_signal(signum)
    assert run.process.wait(timeout=40) == 0
    assert alive(children) == []
    assert "Traceback" not in run.output


@pytest.mark.parametrize(
    ("command", "name"),
    [
        ("gunicorn.conf", "server"),
        ("live.conf", "server of streams"),
        ("simulate", "simulator"),
        ("run_huey", "worker"),
    ],
)
def test_a_child_that_dies_ends_all_and_is_named(run: Run, command: str, name: str) -> None:
    children = run.children()
    os.kill(run.child(command), signal.SIGKILL)
    assert run.process.wait(timeout=40) == 1
    assert f"The {name} ended by itself, by SIGKILL." in run.output
    wait_for(lambda: alive(children) == [])


def consumers(run: Run) -> list[int]:
    """The ids of those that consume messages."""
    living = alive(run.children())
    return [int(path.name) for path in living if "consume_mqtt" in (path / "cmdline").read_text()]


def test_a_consumer_of_messages_that_dies_is_started_again(made: Made, tmp_path: Path) -> None:
    nobody = f"mqtt://127.0.0.1:{free_port()}"
    with started(made.copy(tmp_path), MQTT_URL=nobody) as run:
        first = run.child("consume_mqtt")
        os.kill(first, signal.SIGKILL)
        wait_for(lambda: "The MQTT consumer ended by itself, by SIGKILL" in run.output)
        wait_for(lambda: consumers(run) not in ([], [first]))
        children = run.children()
        assert run.stop(signal.SIGTERM) == 0
        assert alive(children) == []


def test_no_child_outlives_it_when_it_is_killed(run: Run) -> None:
    children = run.children()
    run.process.kill()
    wait_for(lambda: alive(children) == [])


def test_a_preparation_is_not_left_alone_either(tmp_path: Path) -> None:
    run = Run(tmp_path, DEMO_DAYS="90")
    wait_for(lambda: "Making the demo" in run.output)
    children = run.children()
    run.process.kill()
    wait_for(lambda: alive(children) == [])
    run.process.wait()


def test_it_ends_with_make(made: Made, tmp_path: Path) -> None:
    # A shell with another command to come stays the parent, and passes no signal on.
    shell = ["sh", "-c", '"$@"; true', "sh"]
    run = Run(made.copy(tmp_path), "--end-with-parent", under=shell)
    try:
        run.wait_until_welcome()
        children = run.children()
        assert len(children) >= 6
        run.process.kill()
        wait_for(lambda: alive(children) == [])
    finally:
        run.process.wait()


def test_an_unfinished_preparation_ends_with_its_status(tmp_path: Path) -> None:
    run = Run(tmp_path, DATABASE_URL="postgres://nobody@127.0.0.1:1/none")
    assert run.process.wait(timeout=60) == 1
    assert "The database does not answer" in run.output
    assert "Traceback" not in run.output

"""The signs of life that a container's health check looks for."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from deploy.healthcheck import OLDEST_BEAT, main
from tests.support.composition import ROOT
from tests.support.processes import free_port
from tests.support.upstreams import answering


def test_a_server_that_answers_is_alive() -> None:
    with answering("here") as port:
        assert main(f"http://127.0.0.1:{port}/healthz") == 0


def test_a_server_that_is_not_there_is_not() -> None:
    assert main(f"http://127.0.0.1:{free_port()}/healthz") == 1


@pytest.mark.parametrize(("age", "status"), [(0.0, 0), (OLDEST_BEAT - 5, 0), (OLDEST_BEAT + 5, 1)])
def test_a_heart_is_alive_that_has_beaten_lately(tmp_path: Path, age: float, status: int) -> None:
    file = tmp_path / "heartbeat"
    file.touch()
    os.utime(file, (time.time() - age,) * 2)
    assert main(str(file)) == status


def test_a_heart_that_never_beat_is_not_alive(tmp_path: Path) -> None:
    assert main(str(tmp_path / "heartbeat")) == 1


def test_it_starts_without_the_framework(tmp_path: Path) -> None:
    """It runs every few seconds in each container."""
    (tmp_path / "heartbeat").touch()
    answer = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "deploy.healthcheck", tmp_path / "heartbeat"],
        check=True,
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert "deploy" in answer.stderr
    assert "django" not in answer.stderr

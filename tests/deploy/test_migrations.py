"""A server that is told to awaits the migrations, which another process makes."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.composition import ROOT
from tests.support.processes import free_port, listens, wait_for
from tests.support.stack import application_environment, fresh_database, make_secrets

pytestmark = pytest.mark.engine


@contextmanager
def waiting(folder: Path) -> Iterator[tuple[subprocess.Popen[bytes], dict[str, str], int]]:
    """A server on a database without tables, which has said that it waits."""
    make_secrets(folder)
    log, port = folder / "gunicorn.log", free_port()
    with fresh_database(folder) as url, log.open("wb") as output:
        environment = application_environment(folder, url, port) | {"STATIC_ROOT": str(folder)}
        command = [sys.executable, "-m", "gunicorn", "--config", "deploy/gunicorn.conf.py"]
        server = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=output, stderr=subprocess.STDOUT
        )
        try:
            wait_for(lambda: "migrations are missing" in log.read_text())
            yield server, environment, port
        finally:
            server.terminate()
            server.wait(timeout=30)


def test_it_listens_once_they_are_made(tmp_path: Path) -> None:
    with waiting(tmp_path) as (_, environment, port):
        assert not listens(port)
        migrate = [sys.executable, "manage.py", "migrate", "--verbosity=0"]
        subprocess.run(migrate, check=True, cwd=ROOT, env=environment)
        wait_for(lambda: listens(port))


def test_it_ends_when_told_to_meanwhile(tmp_path: Path) -> None:
    with waiting(tmp_path) as (server, _, port):
        server.terminate()
        assert server.wait(timeout=10) == 0
        assert not listens(port)

"""The worker: huey's consumer in a process of its own, and its jobs."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from textwrap import dedent
from urllib.parse import urlsplit

import pytest
from django.db import connection

from history import tasks
from tests.support.composition import ROOT
from tests.support.processes import wait_for
from tests.support.stack import fresh_database
from tests.support.upstreams import Relay

pytestmark = pytest.mark.engine


@contextmanager
def worker(folder: Path, *options: str) -> Iterator[Path]:
    """A worker on an empty database, whose heart has beaten twice; yields the file of its words.

    It runs no job by the clock: there is no table that one could find anything in.
    """
    with fresh_database(folder) as url, worker_on(url, folder, *options) as log:
        yield log


@contextmanager
def worker_on(url: str, folder: Path, *options: str) -> Iterator[Path]:
    """The same on a database that there is."""
    log, beat = folder / "worker.log", folder / "beat"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [
                sys.executable,
                "manage.py",
                "run_huey",
                "--heartbeat",
                str(beat),
                "--no-periodic",
                *options,
            ],
            cwd=ROOT,
            env=os.environ | {"DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "energy.settings"},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            wait_for(beat.exists)
            first = beat.stat().st_mtime_ns
            wait_for(lambda: beat.stat().st_mtime_ns > first)
            yield log
        finally:
            process.send_signal(signal.SIGINT)
            assert process.wait(timeout=30) == 0, log.read_text()


def test_each_of_its_lines_is_said_once(tmp_path: Path) -> None:
    with worker(tmp_path) as log:
        pass
    assert log.read_text().count("Scheduler runs every") == 1
    assert log.read_text().count("Consumer exiting") == 1


def test_quiet_it_says_nothing_while_all_is_well(tmp_path: Path) -> None:
    with worker(tmp_path, "--quiet") as log:
        pass
    assert log.read_text() == ""


def test_a_line_is_said_once_where_errors_are_shown_in_the_browser() -> None:
    say = """
        import logging, django
        django.setup()
        logging.getLogger("django.request").warning("a line")
    """
    answer = subprocess.run(
        [sys.executable, "-c", dedent(say)],
        cwd=ROOT,
        env=os.environ | {"DEBUG": "true", "DJANGO_SETTINGS_MODULE": "energy.settings"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert answer.stderr.count("a line") == 1


@pytest.mark.skipif(connection.vendor == "sqlite", reason="a file does not go away")
def test_of_a_database_that_is_away_it_says_one_line_and_then_one_more(tmp_path: Path) -> None:
    with fresh_database(tmp_path) as url:
        manage(url, "migrate", "--verbosity=0")
        server = urlsplit(url)
        relay = Relay(str(server.hostname), int(server.port or 5432))
        through = url.replace(f":{server.port}/", f":{relay.port}/").replace(
            f"@{server.hostname}:", "@127.0.0.1:"
        )
        with worker_on(through, tmp_path) as log:
            relay.cut()
            wait_for(lambda: "is away" in log.read_text())
            beat = tmp_path / "beat"
            lately = beat.stat().st_mtime_ns
            wait_for(lambda: beat.stat().st_mtime_ns > lately + 4 * 10**9)
            relay.mend()
            wait_for(lambda: "is back" in log.read_text())
            manage(url, "shell", "--verbosity=0", "-c", FIRST_JOB)
            wait_for(lambda: "Deleted 0 readings" in log.read_text())
            said = log.read_text()
            relay.cut()
            relay.mend()
    assert said.count("The database is away, and jobs wait for it: ") == 1
    assert said.count("The database is back") == 1
    assert "Traceback" not in said


FIRST_JOB = "from history.tasks import prune_history; prune_history()"


def manage(url: str, *command: str) -> None:
    subprocess.run(
        [sys.executable, "manage.py", *command],
        cwd=ROOT,
        env=os.environ | {"DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "energy.settings"},
        check=True,
        timeout=60,
    )


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("job", [tasks.seal_history, tasks.prune_history])
def test_the_first_job_after_the_database_restarted_works(job: object, tmp_path: Path) -> None:
    job.func()
    end_connection()
    job.func()


def end_connection() -> None:
    """What a restart of the server does to the connection that is kept; SQLite has no server."""
    if connection.vendor == "postgresql":
        own = connection.connection.info.backend_pid
        with connection.copy().cursor() as other:
            other.execute("SELECT pg_terminate_backend(%s)", [own])

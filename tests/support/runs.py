"""`make run` as tests start it, with a folder of its own."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.composition import ROOT
from tests.support.processes import free_port, wait_for

PASSWORD = "correct horse battery staple"


class Run:
    """One `python -m deploy.run` on loopback, its output collected in a file.

    With `under` it is the child of that command, as it is make's.
    """

    def __init__(
        self, folder: Path, *options: str, under: Sequence[str] = (), **settings: str
    ) -> None:
        self.port = free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self.folder = folder
        self._log = folder / f"run-{self.port}.log"
        environment = os.environ | {
            "PORT": str(self.port),
            "VAR_DIR": str(folder / "var"),
            "DATABASE_URL": f"sqlite:///{folder / 'var' / 'db.sqlite3'}",
            "DEMO_PASSWORD": PASSWORD,
            "DEMO_DAYS": "1",
            "DJANGO_SETTINGS_MODULE": "energy.settings",
            **settings,
        }
        # As the Makefile does: bytecode is kept.
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        with self._log.open("wb") as output:
            self.process = subprocess.Popen(
                [*under, sys.executable, "-m", "deploy.run", *options],
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

    def child(self, word: str) -> int:
        """The id of the child whose command line has `word`."""
        listed = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        (pid,) = (pid for pid in listed.split() if word in Path(f"/proc/{pid}/cmdline").read_text())
        return int(pid)

    def stop(self, signum: signal.Signals) -> int:
        self.process.send_signal(signum)
        return self.process.wait(timeout=40)


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


@dataclass(frozen=True)
class Made:
    """What a first start has left behind, and what it said."""

    folder: Path
    output: str

    def copy(self, folder: Path) -> Path:
        """A folder that holds the same, for a start of its own."""
        shutil.copytree(self.folder / "var", folder / "var")
        return folder

"""The data folder of `make run`: readable by its owner only, and used by one run at a time."""

import fcntl
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def folder() -> Path:
    """Where it is: VAR_DIR as the settings take it, by default `var` beside the code."""
    return ROOT / os.environ.get("VAR_DIR", "var")


def make_private() -> None:
    """Make the folder if need be; nobody but its owner may read it or anything in it, now or later.

    Files that other processes started from this one make are private by the umask.
    """
    os.umask(0o077)
    folder().mkdir(parents=True, exist_ok=True)
    for path in (folder(), *folder().rglob("*")):
        if not path.is_symlink() and (mode := path.stat().st_mode) & 0o077:
            path.chmod(mode & 0o700)


@contextmanager
def locked(address: str) -> Iterator[None]:
    """Hold the folder while the block lasts; exit, naming the other, when somebody else has it.

    The lock goes with this process, however it ends.
    """
    with (folder() / "run.lock").open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            sys.exit(f"`make run` runs here already: {file.read().strip()}")
        file.truncate(0)
        file.write(f"{address}/ (process {os.getpid()})\n")
        file.flush()
        yield

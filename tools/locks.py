"""`make lock`: locks/ has all that is installed, exactly, with the hashes of its files.

People read and edit requirements*.txt, which pin what the project itself names. pip and uv install
from the file of the same name in locks/, which also pins what comes along. `python -m tools.locks`
makes them anew, `python -m tools.locks --check` says whether they are stale. It needs nothing that
is installed, because it looks before anything is.
"""

import hashlib
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).parents[1]
OLDEST_PYTHON = "3.11"
_PIN = re.compile(r"^([^#\s].*?)(?: \\)?$", re.MULTILINE)
HEAD = "# Made by `make lock` from {name}, whose fingerprint is {fingerprint}\n"


def sources(root: Path = ROOT) -> list[Path]:
    """The files that people edit."""
    return sorted(root.glob("requirements*.txt"))


def lock_of(source: Path) -> Path:
    """The file that is installed."""
    return source.parent / "locks" / source.name


def is_stale(source: Path) -> bool:
    """Whether something else was asked for since the lock was made."""
    lock = lock_of(source)
    return not lock.exists() or not lock.read_text("utf-8").startswith(_head(source))


def make(root: Path = ROOT) -> None:
    """Make all of them, in the versions that they have already wherever these still fit."""
    (root / "locks").mkdir(exist_ok=True)
    with TemporaryDirectory() as folder:
        together = Path(folder) / "together.txt"
        together.write_text("".join(sorted(set(_pins(root)))), "utf-8")
        _compile(root, sources(root), together)
        for source in sources(root):
            lock = lock_of(source)
            _compile(root, [source], lock, "--generate-hashes", f"--constraint={together}")
            lock.write_text(_head(source) + lock.read_text("utf-8"), "utf-8")


def _compile(root: Path, asked: list[Path], answer: Path, *options: str) -> None:
    names = [path.name for path in asked]
    universal = ("--universal", f"--python-version={OLDEST_PYTHON}")
    quiet = ("--quiet", "--no-header", "--no-annotate", "--no-emit-index-url")
    uv = str(Path(sys.executable).with_name("uv"))
    command = [uv, "pip", "compile", *universal, *quiet, *options, f"--output-file={answer}"]
    subprocess.run([*command, *names], cwd=root, check=True, stdout=subprocess.DEVNULL)


def _pins(root: Path) -> Iterator[str]:
    """The lines of all locks, without hashes."""
    for source in sources(root):
        if lock_of(source).exists():
            text = lock_of(source).read_text("utf-8")
            yield from (f"{pin}\n" for pin in _PIN.findall(text))


def _head(source: Path) -> str:
    asked = "\n".join(sorted(set(_asked(source))))
    fingerprint = hashlib.sha256(asked.encode()).hexdigest()
    return HEAD.format(name=source.name, fingerprint=fingerprint)


def _asked(source: Path) -> Iterator[str]:
    """What a file asks for, and what those ask for that it includes."""
    for line in source.read_text("utf-8").splitlines():
        wanted = line.partition("#")[0].strip()
        if wanted.startswith("-r "):
            yield from _asked(source.parent / wanted.removeprefix("-r ").strip())
        elif wanted:
            yield wanted


def main(arguments: list[str]) -> int:
    """Make the locks, or say which of them are stale."""
    if arguments != ["--check"]:
        make()
        return 0
    stale = [source.name for source in sources() if is_stale(source)]
    known = {source.name for source in sources()}
    lost = sorted(path.name for path in (ROOT / "locks").glob("*") if path.name not in known)
    if stale or lost:
        print(f"locks/ is stale for {', '.join(stale + lost)}: make lock", file=sys.stderr)
    return 1 if stale or lost else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""What is installed is locked: exactly what was asked for, each file by its hash."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.composition import ROOT
from tools.locks import is_stale, lock_of, sources

NAMES = [source.name for source in sources()]
# A pin, perhaps for some platforms only, and its hashes.
LOCKED = re.compile(
    r"^([\w.-]+)==(\S+?)( ; [^\\\n]+)?( \\\n    --hash=sha256:[0-9a-f]{64})+$", re.MULTILINE
)


@pytest.mark.parametrize("name", NAMES)
def test_each_file_that_people_edit_has_a_lock_that_is_up_to_date(name: str) -> None:
    assert not is_stale(ROOT / name)


@pytest.mark.parametrize("name", NAMES)
def test_a_lock_has_nothing_but_pins_with_hashes(name: str) -> None:
    text = lock_of(ROOT / name).read_text(encoding="utf-8")
    assert LOCKED.search(text)
    assert LOCKED.sub("", text).split("\n", 1)[1].strip() == ""


@pytest.mark.parametrize("name", NAMES)
def test_a_lock_has_each_pin_that_people_wrote(name: str) -> None:
    asked = re.findall(
        r"^([\w.-]+)(?:\[[\w,]+\])?==(\S+)$", (ROOT / name).read_text(), re.MULTILINE
    )
    locked = {
        (found[1].lower(), found[2]) for found in LOCKED.finditer(lock_of(ROOT / name).read_text())
    }
    assert {(found.lower(), version) for found, version in asked} <= locked


def test_the_same_is_locked_in_one_version_everywhere() -> None:
    versions: dict[tuple[str, str], set[str]] = {}
    for name in NAMES:
        for found in LOCKED.finditer(lock_of(ROOT / name).read_text(encoding="utf-8")):
            versions.setdefault((found[1], found[3] or ""), set()).add(found[2])
    assert {name: each for name, each in versions.items() if len(each) > 1} == {}


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The requirements and their locks somewhere else."""
    shutil.copytree(ROOT / "locks", tmp_path / "locks")
    for source in sources():
        shutil.copy(source, tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("change", "stale"),
    [
        (lambda text: text + "# a comment\n", False),
        (lambda text: text + "left-pad==1.0\n", True),
        (lambda text: text.replace("huey==", "huey==9."), True),
        (lambda text: re.sub(r"huey==.*\n", "", text), True),
    ],
)
def test_whatever_changes_what_is_asked_for_makes_all_locks_with_it_stale(
    copy: Path, change: object, stale: bool
) -> None:
    path = copy / "requirements.txt"
    path.write_text(change(path.read_text()))
    for name in ("requirements.txt", "requirements-demo.txt", "requirements-dev.txt"):
        assert is_stale(copy / name) == stale
    assert not is_stale(copy / "requirements-parquet.txt")


def test_a_lock_that_is_missing_is_stale(copy: Path) -> None:
    (copy / "locks" / "requirements.txt").unlink()
    assert is_stale(copy / "requirements.txt")


def test_the_check_needs_nothing_that_is_installed() -> None:
    answer = subprocess.run(
        [sys.executable, "-I", "-S", str(ROOT / "tools" / "locks.py"), "--check"],
        check=False,
        capture_output=True,
        text=True,
    )
    assert answer.returncode == 0, answer.stderr


def test_the_bill_of_materials_names_all_that_the_server_is_made_of() -> None:
    locks = [lock_of(ROOT / f"requirements{name}.txt").read_text() for name in ("", "-clickhouse")]
    answer = subprocess.run(
        [Path(sys.executable).with_name("cyclonedx-py"), "requirements", "-"],
        input="".join(locks),
        check=True,
        capture_output=True,
        text=True,
    )
    bill = json.loads(answer.stdout)
    named = {(each["name"].lower(), each["version"]) for each in bill["components"]}
    assert bill["bomFormat"] == "CycloneDX"
    assert named == {(found[1], found[2]) for lock in locks for found in LOCKED.finditer(lock)}

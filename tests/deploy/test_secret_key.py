"""Which secret key the settings take, and what they refuse."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.composition import ROOT

KEY = "0123456789abcdef" * 4


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The project as a clone has it: without what a start makes."""
    unwanted = shutil.ignore_patterns(".*", "var", "tests", "__pycache__")
    return Path(shutil.copytree(ROOT, tmp_path / "copy", ignore=unwanted))


def check(folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run `manage.py check` there, with nothing set but `environment`."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    return subprocess.run(
        [sys.executable, "manage.py", "check"],
        cwd=folder,
        env=kept | environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("key", ["", "short", "a" * 64])
def test_a_missing_or_weak_key_refuses_to_start(copy, key):
    refused = check(copy, SECRET_KEY=key)
    assert refused.returncode != 0
    assert "SECRET_KEY is missing or weak" in refused.stderr


def test_a_strong_key_is_taken_from_the_environment(copy):
    assert check(copy, SECRET_KEY=KEY).returncode == 0


def test_commands_take_the_key_that_the_first_start_has_made(copy):
    (copy / "var").mkdir()
    (copy / "var" / "secret-key").write_text(KEY + "\n")
    assert check(copy).returncode == 0


def test_without_any_key_nothing_starts(copy):
    assert check(copy).returncode != 0

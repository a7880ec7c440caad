"""Secrets that a first start makes: written whole or not at all, for their owner only."""

import os
import stat
from pathlib import Path

import pytest

from deploy.secrets import ensure_secret, keep_secret, kept_secret


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a secret is to be kept, in a folder that is not there yet."""
    return tmp_path / "var" / "secret-key"


def test_one_is_made_once_for_its_owner_only(path: Path) -> None:
    secret = ensure_secret(path)
    assert len(secret) == 64
    assert ensure_secret(path) == kept_secret(path) == secret
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize("left", [b"", b"\n", b"\0" * 65])
def test_what_a_crash_left_empty_is_made_anew_with_a_message(
    path: Path, left: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    path.parent.mkdir()
    path.write_bytes(left)
    assert kept_secret(path) == ""
    secret = ensure_secret(path)
    assert len(secret) == 64
    assert kept_secret(path) == secret
    assert f"{path} is empty" in capsys.readouterr().err


def test_a_first_one_is_made_without_a_word(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ensure_secret(path)
    assert capsys.readouterr() == ("", "")


def test_a_failure_while_writing_leaves_what_was_there(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep_secret(path, "the first")

    def full_disk(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full_disk)
    with pytest.raises(OSError, match="No space left"):
        keep_secret(path, "the second")
    assert kept_secret(path) == "the first"
    assert list(path.parent.iterdir()) == [path]

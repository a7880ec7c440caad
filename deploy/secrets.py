"""Secrets that the first start generates and keeps, so that nobody has to choose them."""

import os
import secrets
import sys
from contextlib import suppress
from pathlib import Path
from tempfile import NamedTemporaryFile

# What a file may contain after a crash lost its content.
_NOTHING = " \r\n\0"


def ensure_secret(path: Path, *, length: int = 64) -> str:
    """Return the secret kept in `path`; the first time make one of `length` characters."""
    if secret := kept_secret(path):
        return secret
    if path.exists():
        print(f"{path} is empty, as a crash may leave it: it is made anew.", file=sys.stderr)
    secret = secrets.token_urlsafe(length)[:length]
    keep_secret(path, secret)
    return secret


def kept_secret(path: Path) -> str:
    """Return the secret kept in `path`; empty when there is none."""
    with suppress(FileNotFoundError, NotADirectoryError):
        return path.read_text(encoding="utf-8").strip(_NOTHING)
    return ""


def keep_secret(path: Path, secret: str) -> None:
    """Write a secret for its owner's eyes only (0600): a crash leaves all of it or nothing."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with NamedTemporaryFile(
        "w", encoding="utf-8", dir=path.parent, prefix=f".{path.name}-", delete=False
    ) as file:
        try:
            file.write(secret + "\n")
            file.flush()
            os.fsync(file.fileno())
            Path(file.name).replace(path)
        except BaseException:
            Path(file.name).unlink()
            raise

"""Secrets that a first start makes and keeps, so that nobody has to set one by hand."""

import os
import secrets
from pathlib import Path


def ensure_secret(path: Path, *, length: int = 64) -> str:
    """Return the secret kept in `path`; the first time make one of `length` characters.

    The file is created readable for its owner only (0600), and never overwritten.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text(encoding="utf-8").strip()
    secret = secrets.token_urlsafe(length)[:length]
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(secret + "\n")
    return secret

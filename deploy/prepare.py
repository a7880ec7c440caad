"""Prepares what the server needs before it starts; every step is skipped if it is already done.

`python -m deploy.prepare` says on standard output where the demo's password is found, and on
standard error everything else.
"""

import hashlib
import os
import sys
from collections.abc import Iterator
from contextlib import redirect_stdout
from pathlib import Path

import django
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command
from django.db import OperationalError

from deploy import migrations, var
from deploy.secrets import ensure_secret, kept_secret
from history.relational.backend import backend


def everything() -> str:
    """Prepare database, static files and demo; returns where to find the demo's password."""
    django.setup()
    _migrate()
    _migrate_history()
    _collect_static()
    password = _known_password() if get_user_model().objects.exists() else _seed()
    backend().refresh_statistics()
    return password


def _migrate() -> None:
    try:
        missing = migrations.is_missing_some()
    except OperationalError as error:
        sys.exit(f"The database does not answer: {error}")
    if missing:
        call_command("migrate", interactive=False, verbosity=0)


def _migrate_history() -> None:
    try:
        call_command("migrate_history", verbosity=0)
    except CommandError as error:
        # Readings are kept meanwhile, and everything else works.
        print(error, flush=True)


def _collect_static() -> None:
    target = Path(settings.STATIC_ROOT)
    stamp = target / ".collected-from"
    fingerprint = _fingerprint_of_sources()
    if stamp.exists() and stamp.read_text(encoding="ascii") == fingerprint:
        return
    call_command("collectstatic", interactive=False, verbosity=0)
    stamp.write_text(fingerprint, encoding="ascii")


def _fingerprint_of_sources() -> str:
    """A hash of the project's own static files and of the packages that bring others."""
    digest = hashlib.sha256((var.ROOT / "locks" / "requirements.txt").read_bytes())
    for path in sorted(_static_files()):
        status = path.stat()
        digest.update(f"{path}\0{status.st_size}\0{status.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def _static_files() -> Iterator[Path]:
    for folder in settings.STATICFILES_DIRS:
        yield from (path for path in Path(folder).rglob("*") if path.is_file())


def _seed() -> str:
    given = "DEMO_PASSWORD" in os.environ
    if not given:
        os.environ["DEMO_PASSWORD"] = ensure_secret(_password_file(), length=16)
    print("Making the demo, once", flush=True)
    call_command("seed_demo", if_empty=True)
    if given:
        return "the DEMO_PASSWORD you have set"
    return f"{os.environ['DEMO_PASSWORD']} (kept in {_named(_password_file())})"


def _known_password() -> str:
    if kept_secret(_password_file()):
        return f"in {_named(_password_file())}, if the demo was made without DEMO_PASSWORD"
    return "the DEMO_PASSWORD set when the demo was made"


def _password_file() -> Path:
    return var.folder() / "demo-password"


def _named(path: Path) -> Path:
    return path.relative_to(var.ROOT) if path.is_relative_to(var.ROOT) else path


if __name__ == "__main__":
    with redirect_stdout(sys.stderr):
        found = everything()
    print(found)

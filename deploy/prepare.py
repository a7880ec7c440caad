"""What has to be there before the server starts; each step is skipped when it was done before."""

import hashlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import django
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection
from django.db.migrations.executor import MigrationExecutor

from deploy.secrets import ensure_secret
from history import get_store
from history.relational.backend import backend

ROOT = Path(__file__).resolve().parent.parent
PASSWORD_FILE = ROOT / "var" / "demo-password"


def everything() -> str:
    """Make database, static files and demo ready; returns where the demo's password is found."""
    (ROOT / "var").mkdir(exist_ok=True)
    django.setup()
    _migrate()
    _migrate_history()
    _collect_static()
    password = _known_password() if get_user_model().objects.exists() else _seed()
    backend().refresh_statistics()
    # The embedded engine serves one process, and this one goes on to watch over others.
    get_store().close()
    return password


def _migrate() -> None:
    try:
        executor = MigrationExecutor(connection)
    except OperationalError as error:
        sys.exit(f"The database does not answer: {error}")
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
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
    """Changes with any file of the project's own and with the packages that bring others."""
    digest = hashlib.sha256((ROOT / "requirements.txt").read_bytes())
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
        os.environ["DEMO_PASSWORD"] = ensure_secret(PASSWORD_FILE, length=16)
    print("Making the demo, once", flush=True)
    call_command("seed_demo", if_empty=True)
    if given:
        return "the DEMO_PASSWORD you have set"
    return f"{os.environ['DEMO_PASSWORD']} (kept in {PASSWORD_FILE.relative_to(ROOT)})"


def _known_password() -> str:
    if PASSWORD_FILE.exists():
        return f"in {PASSWORD_FILE.relative_to(ROOT)}, if the demo was made without DEMO_PASSWORD"
    return "the DEMO_PASSWORD set when the demo was made"

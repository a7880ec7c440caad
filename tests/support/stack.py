"""The deployed nginx configuration, run by this machine's nginx in front of a real gunicorn."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote
from uuid import uuid4

import psycopg
import requests
from django.conf import settings

from tests.support.composition import ROOT, environment_of
from tests.support.processes import free_port, running

TRUSTED_PROXY = "127.0.0.2"
PASSWORD = "correct horse battery staple"


@dataclass(frozen=True)
class Stack:
    """Where to reach nginx, and what the application behind it was given."""

    http_port: int
    https_port: int
    application_port: int
    folder: Path

    @property
    def http(self) -> str:
        return f"http://localhost:{self.http_port}"

    @property
    def https(self) -> str:
        return f"https://localhost:{self.https_port}"

    @property
    def certificate(self) -> str:
        return str(self.folder / "secrets" / "nginx" / "tls.crt")

    def get(self, path: str, **options: object) -> requests.Response:
        """GET by HTTPS, redirects not followed."""
        return requests.get(
            self.https + path, verify=self.certificate, allow_redirects=False, timeout=30, **options
        )


def make_secrets(folder: Path) -> Path:
    """Run the script of compose's `secrets` service; returns the folder it filled."""
    secrets = folder / "secrets"
    subprocess.run(["sh", str(ROOT / "deploy" / "secrets.sh"), str(secrets)], check=True)
    return secrets


@contextmanager
def fresh_database(folder: Path) -> Iterator[str]:
    """The URL of an empty database on the engine that the suite runs on, dropped afterwards."""
    default = settings.DATABASES["default"]
    if "sqlite3" in default["ENGINE"]:
        yield f"sqlite:///{folder / 'db.sqlite3'}"
        return
    name = f"energy_{uuid4().hex}"
    server = f"{quote(default['USER'])}:{quote(default['PASSWORD'])}@{default['HOST']}"
    url = f"postgres://{server}:{default['PORT']}/"
    with psycopg.connect(url + "postgres", autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
        try:
            yield url + name
        finally:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def application_environment(folder: Path, database_url: str, port: int) -> dict[str, str]:
    """What compose gives to `web`, with this machine's paths and port."""
    secrets = folder / "secrets" / "application"
    (secrets / "database-url").write_text(database_url)
    inherited = {name: os.environ[name] for name in ("PATH", "LANG", "HOME") if name in os.environ}
    return {
        **inherited,
        **environment_of("web"),
        "VAR_DIR": str(secrets),
        "STATIC_ROOT": str(folder / "static"),
        "RUN_DIR": str(folder / "locks"),
        "BIND": f"127.0.0.1:{port}",
        "DJANGO_SUPERUSER_PASSWORD": PASSWORD,
        "PYTHONWARNINGS": "ignore",
    }


def prepare_application(environment: dict[str, str]) -> None:
    """What compose's one-shot services do, and a superuser named ada."""
    for command in (
        ("migrate", "--verbosity=0"),
        ("collectstatic", "--noinput", "--verbosity=0"),
        ("createsuperuser", "--noinput", "--username=ada", "--email=ada@example.org"),
    ):
        subprocess.run(
            [sys.executable, "manage.py", *command], cwd=ROOT, env=environment, check=True
        )


@contextmanager
def application(
    folder: Path, port: int, populate: Path | None = None, **further: str
) -> Iterator[subprocess.Popen[bytes]]:
    """gunicorn with the deployed configuration on a fresh database.

    `populate` is a script, run before it starts, that fills the database; `further` are settings.
    """
    with fresh_database(folder) as database_url:
        environment = application_environment(folder, database_url, port) | further
        prepare_application(environment)
        if populate:
            command = [sys.executable, "manage.py", "shell", "--verbosity=0"]
            with populate.open() as script:
                subprocess.run(command, cwd=ROOT, env=environment, stdin=script, check=True)
        command = [sys.executable, "-m", "gunicorn", "--config", "deploy/gunicorn.conf.py"]
        log = folder / "gunicorn.log"
        with running(command, port=port, environment=environment, log=log) as process:
            yield process


def render(values: dict[str, str]) -> str:
    """Fill in the template as the official image does: only `${ENERGY_…}`, all of them."""
    template = (ROOT / "deploy" / "nginx" / "nginx.conf.template").read_text(encoding="utf-8")
    if nginx_version() < (1, 25, 1):
        # Debian 12's does not know it yet.
        template = template.replace("http2 on;", "")
    return re.sub(r"\$\{(ENERGY_\w+)\}", lambda found: values[found[1]], template)


def nginx_version() -> tuple[int, ...]:
    """The version of this machine's nginx."""
    answer = subprocess.run(["nginx", "-v"], check=True, capture_output=True, text=True)
    return tuple(int(part) for part in re.findall(r"\d+", answer.stderr)[:3])


@contextmanager
def nginx(
    folder: Path, upstream_port: int, *, host: str = "127.0.0.1", **environment: str
) -> Iterator[Stack]:
    """nginx with the deployed configuration; only ports, paths and `environment` are other ones.

    The application is looked for at `host`, which may be a name.
    """
    stack = Stack(free_port(), free_port(), upstream_port, folder)
    (folder / "run").mkdir()
    values = environment_of("nginx") | {
        "ENERGY_UPSTREAM": f"{host}:{upstream_port}",
        # One server is both, unless a test has started another one for streams.
        "ENERGY_LIVE_UPSTREAM": f"{host}:{upstream_port}",
        "ENERGY_HTTP_PORT": str(stack.http_port),
        "ENERGY_HTTPS_PORT": str(stack.https_port),
        "ENERGY_PUBLIC_PORT": str(stack.https_port),
        "ENERGY_TRUSTED_PROXY": TRUSTED_PROXY,
        "ENERGY_HEADER_TIMEOUT": "1s",
        "ENERGY_RUN_DIR": str(folder / "run"),
        "ENERGY_SECRETS_DIR": str(folder / "secrets" / "nginx"),
        "ENERGY_STATIC_DIR": str(folder / "static"),
        "ENERGY_PAGES_DIR": str(ROOT / "deploy" / "nginx" / "pages"),
        **environment,
    }
    configuration = folder / "nginx.conf"
    configuration.write_text(render(values))
    # Workers that started as root would become somebody who cannot enter pytest's folders.
    directives = "daemon off;" + (" user root;" if os.geteuid() == 0 else "")
    command = [str(shutil.which("nginx")), "-c", str(configuration), "-g", directives]
    log = folder / "nginx.log"
    path = {"PATH": os.environ["PATH"]}
    with running(command, port=stack.https_port, environment=path, log=log):
        yield stack

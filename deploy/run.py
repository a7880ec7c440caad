"""`make run`: make the database ready, then serve it on loopback, simulator and worker beside.

One process prepares everything, because each start of Django costs about a second, and then
watches over three: gunicorn, `manage.py simulate` and `manage.py run_huey`. They end together.
"""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

from environ import Env

from deploy import prepare
from deploy.secrets import ensure_secret

ROOT = Path(__file__).resolve().parent.parent
HOST = "127.0.0.1"
GRACEFUL_SECONDS = 5
# Longer than gunicorn waits for the requests under way.
STOP_SECONDS = 2.0 * GRACEFUL_SECONDS
POLL_SECONDS = 0.05
START_SECONDS = 60.0


class Stopped(Exception):
    """Somebody asked the server to stop."""


def _stop(*_: object) -> None:
    raise Stopped


def main() -> int:
    """Serve until told to stop; returns the exit status."""
    for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(signum, _stop)
    os.chdir(ROOT)
    if (ROOT / ".env").exists():
        Env.read_env(ROOT / ".env")
    port = int(os.environ.get("PORT") or 8000)
    children: list[subprocess.Popen[bytes]] = []
    try:
        _check_free(port)
        _set_environment(port)
        password = prepare.everything()
        server = _start(children, sys.executable, "-m", "gunicorn", "-c", "deploy/gunicorn.conf.py")
        wait_until_it_answers(server, f"http://{HOST}:{port}/healthz")
        _start(children, sys.executable, "manage.py", "simulate")
        if not _is_history_embedded():
            _start(children, sys.executable, "manage.py", "run_huey", "--quiet")
        print(_welcome(f"http://{HOST}:{port}", password), flush=True)
        return server.wait()
    except Stopped:
        return 0
    finally:
        _end(children)


def _check_free(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            sys.exit(f"Port {port} is taken. Choose another one: make run PORT={port + 1}")


def _set_environment(port: int) -> None:
    """What the settings and gunicorn read; whatever the caller has set is kept."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "energy.settings")
    os.environ["BIND"] = f"{HOST}:{port}"
    os.environ.setdefault("GRACEFUL_TIMEOUT", str(GRACEFUL_SECONDS))
    if _is_history_embedded():
        os.environ["WEB_CONCURRENCY"] = "1"
    if not {"SECRET_KEY", "SECRET_KEY_FILE"} & os.environ.keys():
        os.environ["SECRET_KEY"] = ensure_secret(ROOT / "var" / "secret-key")


def _is_history_embedded() -> bool:
    """Whether one process alone can have the history: the server, then, and no worker."""
    return os.environ.get("HISTORY_URL", "").startswith("chdb:")


def _start(children: list[subprocess.Popen[bytes]], *command: str) -> subprocess.Popen[bytes]:
    # In a process group of its own a child does not see the terminal's Ctrl-C: it is stopped
    # once, from here.
    child = subprocess.Popen(command, process_group=0)
    children.append(child)
    return child


def wait_until_it_answers(
    server: subprocess.Popen[bytes], url: str, seconds: float = START_SECONDS
) -> None:
    """Return once `url` answers well; exit, saying why, when it does not within `seconds`."""
    deadline = time.monotonic() + seconds
    while server.poll() is None:
        try:
            with urlopen(url, timeout=10):  # noqa: S310  # A loopback address made above.
                return
        except HTTPError as error:
            sys.exit(f"{url} answers {error.code}")
        except OSError:
            if time.monotonic() > deadline:
                sys.exit(
                    f"The server runs, but there is nothing at {url} within {seconds:g} seconds. "
                    "Does GUNICORN_CMD_ARGS make it listen elsewhere?"
                )
            time.sleep(POLL_SECONDS)
    sys.exit(f"The server ended by itself with status {server.returncode}")


def _welcome(address: str, password: str) -> str:
    return (
        f"\n  Open      {address}/"
        f"\n  Sign in   as admin, technician or standard"
        f"\n  Password  {password}"
        f"\n  API       {address}/api/docs/"
        f"\n  Stop      Ctrl-C\n"
    )


def _end(children: list[subprocess.Popen[bytes]]) -> None:
    """Stop every child, asking first, and do not return before all of them have ended."""
    for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(signum, signal.SIG_IGN)
    for child in children:
        child.terminate()
    deadline = time.monotonic() + STOP_SECONDS
    for child in children:
        try:
            child.wait(timeout=max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


if __name__ == "__main__":
    sys.exit(main())

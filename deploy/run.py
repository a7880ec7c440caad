"""`make run`: make the database ready, then serve it on loopback, simulator and worker beside.

One process prepares everything, because each start of Django costs about a second, and ends, which
gives back what it has loaded. This one, which is small, watches over four: gunicorn
for pages and API, gunicorn for streams, `manage.py simulate` and `manage.py run_huey`. They end
together. Where MQTT_URL is set there is
`manage.py consume_mqtt` too, which is started again when it dies: the broker keeps what it has not
acknowledged.
"""

import os
import socket
import subprocess
import sys
import time
from urllib.error import HTTPError
from urllib.request import urlopen

from environ import Env

from deploy import var
from deploy.children import Child, Signals, Stopped, end, end_with, watch
from deploy.secrets import ensure_secret
from deploy.var import ROOT

HOST = "127.0.0.1"
GRACEFUL_SECONDS = 5
POLL_SECONDS = 0.05
START_SECONDS = 60.0


def main(arguments: list[str]) -> int:
    """Serve until told to stop; returns the exit status."""
    if "--end-with-parent" in arguments:
        end_with(os.getppid())
    signals = Signals()
    os.chdir(ROOT)
    if (ROOT / ".env").exists():
        Env.read_env(ROOT / ".env")
    port = int(os.environ.get("PORT") or 8000)
    address = f"http://{HOST}:{port}"
    var.make_private()
    children: list[Child] = []
    try:
        with var.locked(address):
            _check_free(port)
            _set_environment(port)
            password = _prepare(children, signals)
            _start(children, signals, address)
            print(_welcome(address, password), flush=True)
            sys.exit(watch(children, signals))
    except Stopped:
        return 0
    finally:
        end(children)


def _check_free(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            sys.exit(f"Port {port} is taken. Choose another one: make run PORT={port + 1}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def _set_environment(port: int) -> None:
    """What the settings and gunicorn read; whatever the caller has set is kept."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "energy.settings")
    os.environ["BIND"] = f"{HOST}:{port}"
    os.environ.setdefault("GRACEFUL_TIMEOUT", str(GRACEFUL_SECONDS))
    # Only on loopback, and reached through the server: pages and streams have one origin.
    os.environ["LIVE_ADDRESS"] = os.environ["LIVE_BIND"] = f"{HOST}:{_free_port()}"
    if _is_history_embedded():
        os.environ["WEB_CONCURRENCY"] = "1"
    if not {"SECRET_KEY", "SECRET_KEY_FILE"} & os.environ.keys():
        os.environ["SECRET_KEY"] = ensure_secret(var.folder() / "secret-key")


def _is_history_embedded() -> bool:
    """Whether one process alone can have the history: the server, then, and no worker."""
    return os.environ.get("HISTORY_URL", "").startswith("chdb:")


def _prepare(children: list[Child], signals: Signals) -> str:
    """Have everything made ready; returns where the demo's password is found."""
    child = Child("", sys.executable, "-m", "deploy.prepare", stdout=subprocess.PIPE)
    children.append(child)
    while child.process.poll() is None:
        signals.wait()
    children.remove(child)
    answer, _ = child.process.communicate()
    if child.process.returncode:
        # It has said why.
        sys.exit(1)
    return answer.decode().strip()


def _start(children: list[Child], signals: Signals, address: str) -> None:
    python = sys.executable
    server = Child("The server", python, "-m", "gunicorn", "-c", "deploy/gunicorn.conf.py")
    children.append(server)
    wait_until_it_answers(server, f"{address}/healthz", signals)
    streams = (python, "-m", "gunicorn", "-c", "deploy/live.conf.py")
    children.append(Child("The server of streams", *streams))
    children.append(Child("The simulator", python, "manage.py", "simulate"))
    if not _is_history_embedded():
        children.append(Child("The worker", python, "manage.py", "run_huey", "--quiet"))
    if os.environ.get("MQTT_URL") or os.environ.get("MQTT_URL_FILE"):
        consume = (python, "manage.py", "consume_mqtt")
        children.append(Child("The MQTT consumer", *consume, revived=True))


def wait_until_it_answers(
    server: Child, url: str, signals: Signals, seconds: float = START_SECONDS
) -> None:
    """Return once `url` answers well; exit, saying why, when it does not within `seconds`."""
    deadline = time.monotonic() + seconds
    while not (reason := server.ended()):
        try:
            with urlopen(url, timeout=5):  # noqa: S310  # A loopback address made above.
                return
        except HTTPError as error:
            sys.exit(f"{url} answers {error.code}")
        except OSError:
            if time.monotonic() > deadline:
                sys.exit(
                    f"The server runs, but there is nothing at {url} within {seconds:g} seconds. "
                    "Does GUNICORN_CMD_ARGS make it listen elsewhere?"
                )
            signals.wait(POLL_SECONDS)
    sys.exit(reason)


def _welcome(address: str, password: str) -> str:
    return (
        f"\n  Open      {address}/"
        f"\n  Sign in   as admin, technician or standard"
        f"\n  Password  {password}"
        f"\n  API       {address}/api/docs/"
        f"\n  Stop      Ctrl-C\n"
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

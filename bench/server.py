"""The server as `make run` starts it, and a client that keeps its connection."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path

HOST = "127.0.0.1"
START_SECONDS = 30.0
KEPT_SECONDS = 30  # less than the server keeps a connection that nobody uses


@dataclass(frozen=True)
class ServerProcess:
    """A server that answers on a port; `pid` is that of the workers' parent process."""

    port: int
    pid: int

    def peak_memory(self) -> float:
        """The most that one of its processes has had resident since `forget_peak`; MiB."""
        statuses = [Path(f"/proc/{pid}/status").read_text("ascii") for pid in self._workers]
        peaks = [status.partition("VmHWM:")[2].split()[0] for status in statuses]
        return max(map(int, peaks)) / 1024

    def forget_peak(self) -> None:
        """Start again from what is resident now."""
        for pid in self._workers:
            Path(f"/proc/{pid}/clear_refs").write_text("5", "ascii")

    @property
    def _workers(self) -> list[str]:
        return Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text("ascii").split()


@contextmanager
def server() -> Iterator[ServerProcess]:
    """Serve the settings of the environment; yields once it accepts connections."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", "-c", "deploy/gunicorn.conf.py"],
        env=os.environ | {"BIND": f"{HOST}:{port}", "GRACEFUL_TIMEOUT": "2"},
    )
    try:
        await_answer(port, process)
        yield ServerProcess(port, process.pid)
    finally:
        process.terminate()
        process.wait()


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def await_answer(port: int, process: subprocess.Popen[bytes]) -> None:
    """Return once something accepts connections; raises RuntimeError when that does not come."""
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        try:
            socket.create_connection((HOST, port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError("the server did not start")


class Client:
    """Sends requests over a connection of its own and insists on success."""

    def __init__(self, port: int, headers: dict[str, str] | None = None) -> None:
        self._connection = HTTPConnection(HOST, port, timeout=120)
        self._headers = headers or {}
        self._used = time.monotonic()

    @classmethod
    def signed_in(cls, server: ServerProcess, token: str) -> "Client":
        """A client of the product."""
        headers = {"Authorization": f"Token {token}", "Content-Type": "application/json"}
        return cls(server.port, headers)

    def get(self, path: str) -> bytes:
        """The body of a 200."""
        return self._request("GET", path)

    def post(self, path: str, body: bytes) -> bytes:
        """The body of a 200 or 204."""
        return self._request("POST", path, body)

    def _request(self, method: str, path: str, body: bytes | None = None) -> bytes:
        if time.monotonic() - self._used > KEPT_SECONDS:
            self._connection.close()  # before the server does; the next request opens it again
        self._connection.request(method, path, body, self._headers)
        response = self._connection.getresponse()
        answer = response.read()
        self._used = time.monotonic()
        if response.status not in (200, 204):
            raise RuntimeError(f"{method} {path}: {response.status} {answer[:500]!r}")
        return answer

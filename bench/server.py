"""The server as `make run` starts it, and a client that keeps its connection."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection

HOST = "127.0.0.1"
START_SECONDS = 30.0


@contextmanager
def server() -> Iterator[HTTPConnection]:
    """Serve the settings of the environment; yields a connection to the server."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port = int(probe.getsockname()[1])
    process = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", "-c", "deploy/gunicorn.conf.py"],
        env=os.environ | {"BIND": f"{HOST}:{port}", "GRACEFUL_TIMEOUT": "2"},
    )
    try:
        yield _connect(port, process)
    finally:
        process.terminate()
        process.wait()


def _connect(port: int, process: subprocess.Popen[bytes]) -> HTTPConnection:
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        connection = HTTPConnection(HOST, port, timeout=60)
        try:
            connection.connect()
        except OSError:
            time.sleep(0.05)
        else:
            return connection
    raise RuntimeError("the server did not start")


class Client:
    """Sends requests as one user and insists on success."""

    def __init__(self, connection: HTTPConnection, token: str) -> None:
        self._connection = connection
        self._headers = {"Authorization": f"Token {token}", "Content-Type": "application/json"}

    def get(self, path: str) -> bytes:
        """The body of a 200."""
        return self._request("GET", path)

    def post(self, path: str, body: bytes) -> bytes:
        """The body of a 200."""
        return self._request("POST", path, body)

    def _request(self, method: str, path: str, body: bytes | None = None) -> bytes:
        self._connection.request(method, path, body, self._headers)
        response = self._connection.getresponse()
        answer = response.read()
        if response.status != 200:
            raise RuntimeError(f"{method} {path}: {response.status} {answer[:500]!r}")
        return answer

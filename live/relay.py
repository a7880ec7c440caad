"""Hands a client's connection on to the process that sends streams, where nginx does not.

Pages and streams have one origin then. The web server's thread is free at once: an event loop of
one further thread passes the bytes on, both ways, until either end has gone.
"""

import asyncio
import errno
import re
import socket
from collections.abc import Callable
from contextlib import suppress
from functools import cached_property
from threading import Lock, Thread
from typing import Any

_STREAM = re.compile(r"/api/v1/(sites|devices|subscriptions)/[0-9]+/stream/")
_HANDED_ON = ("HTTP_AUTHORIZATION", "HTTP_COOKIE", "HTTP_HOST", "HTTP_LAST_EVENT_ID", "HTTP_ACCEPT")
_CONNECT_SECONDS = 1.0
_PIECE = 16 * 1024
# Further streams are answered by the web server itself, with the newest values alone.
_AT_ONCE = 500

Application = Callable[[dict[str, Any], Any], Any]


class StreamRelay:
    """A WSGI application that takes requests for streams out of the web server's hands.

    This needs gunicorn, which passes its socket on. While nobody listens at `address` (host:port),
    or where there is none, the application behind answers.
    """

    def __init__(self, application: Application, address: str) -> None:
        self.application = application
        self.address = address
        self._starting = Lock()
        self._count = 0

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        connection = environ.get("gunicorn.socket")
        if connection is None or not self.address or not self._is_stream(environ):
            return self.application(environ, start_response)
        live = _connected(self.address)
        if live is None:
            return self.application(environ, start_response)
        live.sendall(_request(environ))
        with self._starting:
            loop = self._loop
        # gunicorn has no connection any more, and lets go of it as of a client that has gone.
        client = socket.socket(fileno=connection.detach())
        asyncio.run_coroutine_threadsafe(self._relay(client, live), loop)
        raise BrokenPipeError(errno.EPIPE, "The connection was handed on.")

    def _is_stream(self, environ: dict[str, Any]) -> bool:
        is_get = environ["REQUEST_METHOD"] == "GET"
        return is_get and self._count < _AT_ONCE and bool(_STREAM.fullmatch(environ["PATH_INFO"]))

    @cached_property
    def _loop(self) -> asyncio.AbstractEventLoop:
        """Of this process: it is made after gunicorn has forked."""
        loop = asyncio.new_event_loop()
        Thread(target=loop.run_forever, name="stream-relay", daemon=True).start()
        return loop

    async def _relay(self, client: socket.socket, live: socket.socket) -> None:
        self._count += 1
        client.setblocking(False)
        live.setblocking(False)
        ways = [asyncio.create_task(_pass_on(*way)) for way in ((client, live), (live, client))]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            client.close()
            live.close()
            self._count -= 1


def _connected(address: str) -> socket.socket | None:
    host, _, port = address.rpartition(":")
    with suppress(OSError):
        return socket.create_connection((host, int(port)), _CONNECT_SECONDS)
    return None


def _request(environ: dict[str, Any]) -> bytes:
    """The request again, with what a stream needs of it; gunicorn has checked its headers."""
    query = f"?{environ['QUERY_STRING']}" if environ["QUERY_STRING"] else ""
    headers = {
        name.removeprefix("HTTP_").replace("_", "-"): environ[name]
        for name in _HANDED_ON
        if name in environ
    }
    lines = [f"GET {environ['PATH_INFO']}{query} HTTP/1.1"]
    lines += [f"{name}: {value}" for name, value in {**headers, "Connection": "close"}.items()]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


async def _pass_on(source: socket.socket, target: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    with suppress(OSError):
        while piece := await loop.sock_recv(source, _PIECE):
            await loop.sock_sendall(target, piece)

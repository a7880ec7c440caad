"""A minimum rate at which clients read answers, so that slow ones cannot occupy threads."""

import errno
import logging
import select
import socket
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from functools import cached_property
from time import monotonic
from typing import Any

from django.conf import settings

log = logging.getLogger(__name__)

_PIECE = 32 * 1024  # bytes written at a time
# A small send buffer, so that the speed of the reader shows soon.
_BUFFER = 256 * 1024

Answer = Iterable[bytes]
Application = Callable[[dict[str, Any], Any], Answer]


class LeastRate:
    """A WSGI application that aborts answers which the client reads too slowly.

    A client has ANSWER_GRACE seconds, and one second more for each ANSWER_MIN_RATE bytes it has
    read; only time spent waiting for the client counts. A single read of a request or write of an
    answer takes at most ANSWER_GRACE seconds. This needs gunicorn, which passes its socket on.
    """

    def __init__(self, application: Application) -> None:
        self.application = application

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Answer:
        connection: socket.socket | None = environ.get("gunicorn.socket")
        if connection is None:
            return self.application(environ, start_response)
        connection.settimeout(settings.ANSWER_GRACE)
        answer = self.application(environ, start_response)
        if isinstance(answer, environ["wsgi.file_wrapper"]):
            return answer  # a static file, which gunicorn sends with sendfile
        return _Paced(answer, connection)


class _Paced:
    """An answer in pieces, each written once the client has read most of the ones before."""

    def __init__(self, answer: Answer, connection: socket.socket) -> None:
        self._answer = answer
        self._connection = connection
        self._taken = 0  # bytes
        self._waited = 0.0  # s

    def __iter__(self) -> Iterator[bytes]:
        for part in self._answer:
            for begin in range(0, len(part), _PIECE):
                if self._taken:  # most answers are one small piece
                    self._await_reader()
                piece = part[begin : begin + _PIECE]
                since = monotonic()
                yield piece
                self._waited += monotonic() - since
                self._taken += len(piece)

    def close(self) -> None:
        """Close the answer; the server calls this after success and failure alike."""
        if close := getattr(self._answer, "close", None):
            close()

    def _await_reader(self) -> None:
        """Wait for room in the send buffer. Raises BrokenPipeError when the client is too slow."""
        allowed = settings.ANSWER_GRACE + self._taken / settings.ANSWER_MIN_RATE - self._waited
        since = monotonic()
        if not self._room.poll(max(0.0, allowed) * 1000):
            self._break_off()
        self._waited += monotonic() - since
        self._connection.settimeout(max(1.0, allowed))

    @cached_property
    def _room(self) -> select.poll:
        self._connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _BUFFER)
        room = select.poll()
        room.register(self._connection, select.POLLOUT)
        return room

    def _break_off(self) -> None:
        log.warning("An answer is read too slowly: broken off after %s bytes", self._taken)
        with suppress(OSError):  # the client may have disconnected
            self._connection.shutdown(socket.SHUT_RDWR)
        raise BrokenPipeError(errno.EPIPE, "The answer is read too slowly.")

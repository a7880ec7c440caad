"""What stands where nginx looks for the application, and for its address."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

BLOCK = bytes(65536)


@contextmanager
def serving(
    answer: Callable[[socket.socket], object], *, host: str = "127.0.0.1", port: int = 0
) -> Iterator[int]:
    """Gives each connection to `answer`, one after the other; yields the port."""
    with socket.create_server((host, port)) as listener:
        thread = threading.Thread(target=_serve, args=(listener, answer), daemon=True)
        thread.start()
        try:
            yield int(listener.getsockname()[1])
        finally:
            # Wakes the thread that waits for a connection.
            listener.shutdown(socket.SHUT_RDWR)
            thread.join(timeout=30)
            assert not thread.is_alive()


def _serve(listener: socket.socket, answer: Callable[[socket.socket], object]) -> None:
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return  # It was shut down.
        with connection:
            connection.recv(65536)
            answer(connection)


@contextmanager
def answering(text: str, *, host: str = "127.0.0.1", port: int = 0) -> Iterator[int]:
    """A server that says `text` to everybody; yields its port."""
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(text)}\r\nConnection: close\r\n\r\n"

    def answer(connection: socket.socket) -> None:
        connection.sendall((head + text).encode("ascii"))

    with serving(answer, host=host, port=port) as bound:
        yield bound


class Relay:
    """Stands before a server, as whose address it is given, and can make it vanish."""

    def __init__(self, host: str, port: int) -> None:
        self._server = (host, port)
        self._open: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def cut(self) -> None:
        """Break off all connections, and take no more."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for end in self._open:
            end.close()
        self._open.clear()

    def mend(self) -> None:
        """Take connections again."""
        self._listener = socket.create_server(("127.0.0.1", self.port))
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return  # It was cut.
            server = socket.create_connection(self._server)
            self._open += [client, server]
            for ends in ((client, server), (server, client)):
                threading.Thread(target=_copy, args=ends, daemon=True).start()


def _copy(source: socket.socket, target: socket.socket) -> None:
    """Hand on what comes, until either end is closed."""
    try:
        while block := source.recv(65536):
            target.sendall(block)
    except OSError:
        return  # It was cut.
    target.shutdown(socket.SHUT_WR)


@dataclass
class Torrent:
    """How much of a very long answer was taken, until its taker left."""

    taken: int = 0
    length: int = 2**30

    def answer(self, connection: socket.socket) -> None:
        """Say as much as is taken."""
        head = f"HTTP/1.1 200 OK\r\nContent-Length: {self.length}\r\n\r\n"
        connection.sendall(head.encode("ascii"))
        try:
            while self.taken < self.length:
                self.taken += connection.send(BLOCK)
        except (BrokenPipeError, ConnectionResetError):
            return  # The taker has left.


@contextmanager
def deaf() -> Iterator[int]:
    """A port whose connections are never made, as those to an address that is gone."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        port = int(listener.getsockname()[1])
        waiting = []
        # The queue is full when one more does not get in.
        while True:
            caller = socket.socket()
            caller.settimeout(0.3)
            waiting.append(caller)
            try:
                caller.connect(("127.0.0.1", port))
            except TimeoutError:
                break
        try:
            yield port
        finally:
            for caller in waiting:
                caller.close()


@dataclass
class Names:
    """A name server that knows one name's address; nobody's when it is empty."""

    address: str = ""
    asked: list[bytes] = field(default_factory=list)
    port: int = 0

    def reply(self, question: bytes) -> bytes:
        """The answer to a question for an IPv4 address."""
        end = question.index(b"\0", 12) + 5
        self.asked.append(question[12 : end - 5])
        if not self.address:
            return question[:2] + b"\x81\x83\0\1\0\0\0\0\0\0" + question[12:end]
        record = b"\xc0\x0c\0\1\0\1\0\0\x02\x58\0\4" + socket.inet_aton(self.address)
        return question[:2] + b"\x81\x80\0\1\0\1\0\0\0\0" + question[12:end] + record


@contextmanager
def name_server() -> Iterator[Names]:
    """A name server on 127.0.0.1, which says to keep an answer for ten minutes."""
    names = Names()
    with socket.socket(type=socket.SOCK_DGRAM) as listener:
        listener.bind(("127.0.0.1", 0))
        names.port = listener.getsockname()[1]
        done = threading.Event()

        def serve() -> None:
            while True:
                question, client = listener.recvfrom(512)
                if done.is_set():
                    return
                listener.sendto(names.reply(question), client)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield names
        finally:
            done.set()
            listener.sendto(b"the end", listener.getsockname())
            thread.join(timeout=30)
            assert not thread.is_alive()

"""ClickHouse's HTTP interface over chDB: as much of it as the client library speaks."""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import lz4.frame
from clickhouse_connect.driver.exceptions import Error

_INSERT = re.compile(rb"INSERT INTO (\S+) \((.*?)\) FORMAT Native\n", re.DOTALL)
_FORMAT = re.compile(r"\s+FORMAT\s+(\w+)\s*$")


class ClickHouseHttp(ThreadingHTTPServer):
    """Answers from `client`'s engine; the next `refusals` requests get a 503 instead."""

    daemon_threads = True

    def __init__(self, client: Any, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.client = client
        self.refusals = 0
        self.statements: list[str] = []

    @property
    def url(self) -> str:
        """What HISTORY_URL would be."""
        return f"clickhouse://reader:p%40ss@127.0.0.1:{self.server_port}/energy"


@contextmanager
def serving(client: Any, port: int = 0) -> Iterator[ClickHouseHttp]:
    """A server that answers until the end of the block."""
    with ClickHouseHttp(client, port) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


class _Handler(BaseHTTPRequestHandler):
    server: ClickHouseHttp
    protocol_version = "HTTP/1.0"  # a connection for each request: none outlives the server

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)) or self._chunked()
        if self.headers.get("Content-Encoding") == "lz4":
            body = lz4.frame.decompress(body)
        if self.server.refusals:
            self.server.refusals -= 1
            return self._send(503, b"Nobody is in.\n")
        parameters = dict(parse_qsl(urlsplit(self.path).query))
        try:
            return self._send(200, self._answer(parameters.get("query", "").encode() + body))
        except Error as error:
            return self._send(500, str(error).encode(), {"X-ClickHouse-Exception-Code": error.code})

    do_GET = do_POST  # noqa: N815 - the base class's name

    def _answer(self, request: bytes) -> bytes:
        if insert := _INSERT.match(request):
            table, columns = (group.decode() for group in insert.groups())
            names = [name.strip(" `") for name in columns.split(",")]
            block = request[insert.end() :]
            self.server.client.raw_insert(table, names, insert_block=block, fmt="Native")
            return b""
        statement = request.decode()
        self.server.statements.append(statement)
        wanted = _FORMAT.search(statement)
        return self.server.client.raw_query(
            _FORMAT.sub("", statement), fmt=wanted[1] if wanted else "TabSeparated"
        )

    def _chunked(self) -> bytes:
        parts = []
        if self.headers.get("Transfer-Encoding") == "chunked":
            while size := int(self.rfile.readline(), 16):
                parts.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
        return b"".join(parts)

    def _send(self, status: int, body: bytes, headers: dict[str, Any] | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, str(value))
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        """The tests read what came from `statements`."""

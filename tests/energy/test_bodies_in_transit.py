"""Bodies as they arrive at a running server: cut off, in chunks, and in chunks that are none."""

import json
import re
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.support.factories import PASSWORD
from tests.support.gateways import Served, served

CSV = b"metric,timestamp,value\n1,2026-01-01T00:00:00Z,12"
JSON = b'{"readings": [{"metric": 1, "timestamp": "2026-01-01T00:00:01Z", "value": 13}]}'
NDJSON = b'{"metric": 1, "timestamp": "2026-01-01T00:00:02Z", "value": 14}'
LINE = b"meter,site=harbour-depot,device=main-meter active_power=15"
LOGIN = json.dumps({"username": "technician", "password": PASSWORD}).encode()
DEVICE = b'{"name": "Second"}'
QUERY = b'q=CREATE+DATABASE+"energy"'
FORM = f"username=technician&password={PASSWORD}".encode()
FILE = (
    b'--edge\r\nContent-Disposition: form-data; name="site"\r\n\r\n1\r\n'
    b'--edge\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n'
    b"Content-Type: text/csv\r\n\r\n" + CSV + b"\r\n--edge--\r\n"
)
WWW, MULTIPART = "application/x-www-form-urlencoded", "multipart/form-data; boundary=edge"
WHOLE = {
    "csv": ("POST /api/v1/readings/", "text/csv", CSV),
    "json": ("POST /api/v1/readings/", "application/json", JSON),
    "ndjson": ("POST /api/v1/readings/", "application/x-ndjson", NDJSON),
    "lines": ("POST /api/v2/write", "text/plain", LINE),
    "query": ("POST /query", WWW, QUERY),
    "import": ("POST /api/v1/imports/", MULTIPART, FILE),
    "sign-in": ("POST /api/v1/auth/login/", "application/json", LOGIN),
    "api": ("PATCH /api/v1/devices/1/", "application/json", DEVICE),
    "page": ("POST /login/", WWW, FORM),
    "admin": ("POST /admin/login/", WWW, FORM),
    "admin file": ("POST /admin/sites/site/import/", MULTIPART, FILE),
}
KIB, MIB = 1024, 1024 * 1024
LIMITS = dict.fromkeys(WHOLE, 16 * MIB) | {
    "sign-in": 64 * KIB, "page": 64 * KIB, "api": MIB, "admin": MIB, "admin file": MIB,
}  # fmt: skip
PAGES = {"page", "admin", "admin file"}
# What follows what has arrived: the last chunk is larger than that, is none, or is not closed; the
# line of its size, or the trailer, goes on for ever or is none.
BROKEN = {
    "left": b"",
    "short": b"ffff\r\nm v=1",
    "no size": b"x\r\n",
    "no end": b"0\r\n",
    "trailer": b"0\r\nnot a header\r\n\r\n",
    "extension": b"1;\x00=\r\nx\r\n0\r\n\r\n",
    "not closed": b"1\r\nxyz\r\n0\r\n\r\n",
}  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("transit")


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[Served]:
    with served(folder) as running:
        yield running


@pytest.fixture
def unchanged(server: Served) -> Iterator[None]:
    """Nothing is stored while a test goes on."""

    def stored() -> Any:
        window = "start=2000-01-01T00:00:00Z&end=2100-01-01T00:00:00Z"
        paths = (f"metrics/1/readings/?{window}", "devices/1/", "imports/")
        stored = [server.get(path) for path in paths]
        return [{name: of[name] for name in of if name != "metrics"} for of in stored]

    before = stored()
    yield
    assert stored() == before


def send(server: Served, what: str, headers: str, sent: bytes) -> tuple[int, str]:
    """Status and body of the answer to a request whose sender says no more after `sent`."""
    line, content_type, _ = WHOLE[what]
    head = (
        f"{line} HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nContent-Type: {content_type}\r\n"
        f"{headers}\r\nConnection: close\r\n"
    )
    if what not in PAGES:
        head += f"Authorization: Token {server.token}\r\n"
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as connection:
        connection.sendall(f"{head}\r\n".encode() + sent)
        connection.shutdown(socket.SHUT_WR)
        answer = b"".join(iter(lambda: connection.recv(65_536), b"")).decode()
    status, _, rest = answer.partition("\r\n")
    return int(status.split()[1]), rest.partition("\r\n\r\n")[2]


def in_chunks(body: bytes) -> bytes:
    pieces = [body[at : at + 20] for at in range(0, len(body), 20)]
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces)


@pytest.mark.parametrize("what", WHOLE)
def test_a_body_that_is_cut_off_is_refused(server: Served, unchanged: None, what: str) -> None:
    body = WHOLE[what][2]
    status, answer = send(server, what, f"Content-Length: {len(body) + 2}", body)
    assert status == 400
    assert "The body ended early" in answer


@pytest.mark.parametrize("broken", BROKEN)
@pytest.mark.parametrize("what", WHOLE)
def test_chunks_that_are_broken_off_or_none_are_refused(
    server: Served, unchanged: None, what: str, broken: str
) -> None:
    sent = in_chunks(WHOLE[what][2]) + BROKEN[broken]
    status, answer = send(server, what, "Transfer-Encoding: chunked", sent)
    assert status == 400
    assert "The body ended early" in answer


@pytest.mark.parametrize(("what", "status"), [
    ("csv", 200), ("json", 200), ("ndjson", 200), ("lines", 204), ("query", 200), ("import", 202),
    ("sign-in", 200), ("api", 200),
])  # fmt: skip
def test_a_body_in_chunks_is_read_as_any_other(server: Served, what: str, status: int) -> None:
    sent = in_chunks(WHOLE[what][2]) + b"0\r\n\r\n"
    got, answer = send(server, what, "Transfer-Encoding: chunked", sent)
    assert got == status, answer
    assert what != "api" or '"name":"Second"' in answer


def test_a_form_in_chunks_is_read_as_any_other(server: Served) -> None:
    with requests.Session() as browser:
        page = browser.get(f"{server.url}/login/", timeout=30)
        [token] = re.findall(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text)
        form = FORM + f"&csrfmiddlewaretoken={token}".encode()
        headers = {"Content-Type": WWW, "Referer": f"{server.url}/login/"}
        pieces = (form[at : at + 20] for at in range(0, len(form), 20))
        answer = browser.post(f"{server.url}/login/", data=pieces, headers=headers, timeout=30)
        assert "sessionid" in browser.cookies, answer.text


@pytest.mark.parametrize("what", WHOLE)
def test_more_chunks_than_a_view_takes_are_refused(
    server: Served, unchanged: None, what: str
) -> None:
    more = LIMITS[what] + 1
    chunk = b"%x\r\n%s\r\n0\r\n\r\n" % (more, bytes(more))
    status, answer = send(server, what, "Transfer-Encoding: chunked", chunk)
    assert status == 413
    assert "The body is over" in answer


def test_a_client_that_leaves_is_no_failure_of_the_server(server: Served, folder: Path) -> None:
    for broken in BROKEN.values():
        send(server, "lines", "Transfer-Encoding: chunked", in_chunks(LINE) + broken)
    logs = "".join(path.read_text() for path in folder.rglob("*.log"))
    assert logs.count("Bad Request") >= len(BROKEN)
    assert "Traceback" not in logs
    assert "ERROR" not in logs

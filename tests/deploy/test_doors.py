"""What a running server of two processes stands: as many requests at once as an attacker likes."""

import gzip
import re
import socket
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from time import monotonic

import pytest
import requests
from urllib3.exceptions import ProtocolError

from tests.support.composition import ROOT
from tests.support.factories import PASSWORD
from tests.support.processes import free_port, wait_for
from tests.support.stack import application, make_secrets

pytestmark = pytest.mark.engine

GRACE = 5  # s that a reader has
MIN_RATE = 50_000  # bytes a second, then


@dataclass(frozen=True)
class Server:
    """A gunicorn with two processes of four threads, as if behind its proxy."""

    port: int
    pid: int

    def workers(self) -> list[Path]:
        """The /proc folders of its two processes."""
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text(encoding="ascii")
        return [Path(f"/proc/{pid}") for pid in children.split()]

    def ask(
        self, method: str, path: str, *, address: str = "192.0.2.1", **options: object
    ) -> requests.Response:
        """The answer to a request by HTTPS from `address`."""
        forwarded = {"X-Forwarded-Proto": "https", "X-Forwarded-For": address}
        headers = {"Host": "localhost", **forwarded, **options.pop("headers", {})}
        return requests.request(
            method, f"http://127.0.0.1:{self.port}{path}", headers=headers, timeout=60, **options
        )

    def sign_in(self, username: str, password: str = PASSWORD, **options: str) -> requests.Response:
        """The answer to one try."""
        body = {"username": username, "password": password}
        return self.ask("POST", "/api/v1/auth/login/", json=body, **options)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The server, with a technician and other users of one Site."""
    folder = tmp_path_factory.mktemp("doors")
    make_secrets(folder)
    port = free_port()
    people = ROOT / "tests" / "support" / "people.py"
    patience = {"ANSWER_GRACE": str(GRACE), "ANSWER_MIN_RATE": str(MIN_RATE)}
    with application(folder, port, people, **patience) as process:
        yield Server(port, process.pid)


def test_of_eighty_tries_at_once_exactly_those_go_through_that_may(server: Server) -> None:
    with ThreadPoolExecutor(80) as pool:
        answers = pool.map(
            lambda _: server.sign_in("standard", address="192.0.2.80").status_code, range(80)
        )

    assert Counter(answers) == {200: 20, 429: 60}


# Exports ---------------------------------------------------------------------------------

EXPORT = "/api/v1/metrics/1/export/?start=1900-01-01&end=2200-01-01&resolution=1m&format=ndjson"
BY_USER = ("standard", "other", "third")


@pytest.fixture(scope="module")
def tokens(server: Server) -> dict[str, str]:
    """A token of each user."""
    return {
        name: str(server.sign_in(name, address="192.0.2.99").json()["token"]) for name in BY_USER
    }


@contextmanager
def exporting(server: Server, token: str) -> Iterator[requests.Response]:
    """An export of which nothing is read unless the block does."""
    headers = {"Authorization": f"Token {token}", "Accept-Encoding": "identity"}
    with server.ask("GET", EXPORT, headers=headers, stream=True) as answer:
        yield answer


def is_free(server: Server, token: str) -> bool:
    """Whether one more export would run."""
    with exporting(server, token) as answer:
        return answer.status_code == 200


def test_a_third_export_of_a_user_waits_until_one_has_ended(
    server: Server, tokens: dict[str, str]
) -> None:
    mine = tokens["standard"]
    with exporting(server, mine) as first, exporting(server, mine) as second:
        assert (first.status_code, second.status_code) == (200, 200)
        with exporting(server, mine) as third:
            assert third.status_code == 429
            assert third.headers["Content-Type"] == "application/problem+json"
            assert int(third.headers["Retry-After"]) > 0
            assert third.json()["errors"][0]["code"] == "too_many_exports"
        first.close()
        wait_for(lambda: is_free(server, mine))


def test_exports_leave_threads_for_everything_else(server: Server, tokens: dict[str, str]) -> None:
    with ExitStack() as stack:
        wait_for(lambda: all(is_free(server, token) for token in tokens.values()))
        asked = [exporting(server, tokens[name]) for name in BY_USER * 2]
        answers = Counter(stack.enter_context(one).status_code for one in asked)
        waits = []
        for _ in range(40):
            begin = monotonic()
            assert server.ask("GET", "/healthz").status_code == 200
            waits.append(monotonic() - begin)

    # At most half of eight threads, and none of the two processes without one that is free.
    assert answers[200] in (3, 4)
    assert answers[200] + answers[429] == 6
    assert max(waits) <= LONGEST_WAIT


def read_at(answer: requests.Response, rate: int, seconds: float) -> int:
    """Read so many bytes a second for a while; returns how many there were until the end."""
    begin, taken = monotonic(), 0
    while (passed := monotonic() - begin) < seconds:
        if passed * rate < taken:
            Event().wait(0.05)
        elif part := answer.raw.read(rate // 10):
            taken += len(part)
        else:
            break
    return taken


def is_broken_off(answer: requests.Response) -> bool:
    """Whether the rest of an answer does not come."""
    try:
        answer.raw.read()
    except ProtocolError:
        return True
    return False


def test_who_reads_an_export_too_slowly_does_not_keep_its_thread(
    server: Server, tokens: dict[str, str]
) -> None:
    mine = tokens["other"]
    wait_for(lambda: is_free(server, mine))
    with exporting(server, mine) as slow, exporting(server, mine) as other:
        assert (slow.status_code, other.status_code) == (200, 200)
        assert not is_free(server, mine)
        read_at(slow, 2_000, 1)
        wait_for(lambda: is_free(server, mine), seconds=60)  # although neither was closed
        # Whichever was first: the other one may still be within its grace.
        assert is_broken_off(slow) or is_broken_off(other)


def test_who_reads_an_export_fast_enough_gets_on(server: Server, tokens: dict[str, str]) -> None:
    mine = tokens["third"]
    wait_for(lambda: is_free(server, mine))
    with exporting(server, mine) as answer:
        assert answer.status_code == 200
        seconds = 2.0 * GRACE
        assert read_at(answer, 4 * MIN_RATE, seconds) >= 3 * MIN_RATE * seconds


def test_who_never_sends_the_end_of_a_body_does_not_keep_its_thread(server: Server) -> None:
    head = (
        "POST /api/v1/auth/login/ HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-Proto: https\r\n"
        "Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{"
    )
    with ExitStack() as stack:
        for _ in range(8):  # as many as there are threads
            half = stack.enter_context(socket.create_connection(("127.0.0.1", server.port)))
            half.sendall(head.encode())
        begin = monotonic()
        assert server.ask("GET", "/healthz").status_code == 200

    assert monotonic() - begin <= 4 * GRACE


# Bodies ----------------------------------------------------------------------------------

MOST_MEMORY = 300  # MB of a process
LONGEST_WAIT = 0.5  # s for another request meanwhile
MIB = 1024 * 1024
SIGN_IN, READINGS = "/api/v1/auth/login/", "/api/v1/readings/"
SUBSCRIPTIONS = "/api/v1/subscriptions/"


def listed(what: bytes, size: int) -> bytes:
    """A list of `what`, `size` bytes long."""
    return b"[" + b",".join([what] * (size // (len(what) + 1))) + b"]"


def columns(rest: bytes, length: int = 50_000) -> bytes:
    """Columns of one Metric, with `rest` among their members."""
    stamps = listed(b'"2026-06-01T12:00:00Z"', 23 * length)
    return b'{"timestamps":%s,"values":%s,%s}' % (stamps, listed(b"1", 2 * length), rest)


BODIES: dict[str, tuple[str, Callable[[], bytes]]] = {
    "nested deeply": (SIGN_IN, lambda: b"[" * 16 * MIB),
    "many objects": (SIGN_IN, lambda: listed(b"{}", 16 * MIB)),
    "nested deeply, small": (SIGN_IN, lambda: b"[" * 65_000),
    "many objects, small": (SIGN_IN, lambda: listed(b"{}", 65_000)),
    "a page of fields": ("/login/", lambda: b"&".join([b"a=b"] * 4 * MIB)),
    "a list of many numbers": (SUBSCRIPTIONS, lambda: b'{"metrics":%s}' % listed(b"1", MIB - 99)),
    "a list of many objects": (SUBSCRIPTIONS, lambda: b'{"metrics":%s}' % listed(b"{}", MIB - 99)),
    "many devices' metrics": (
        "/api/v1/devices/",
        lambda: b'{"metrics":%s}' % listed(b"{}", MIB - 99),
    ),
    "readings that unpack to much": (READINGS, lambda: b" " * 64 * MIB),
    "readings nested deeply": (READINGS, lambda: b"[" * 15 * MIB),
    "readings of nested lists": (READINGS, lambda: b'{"readings":' + b"[" * 15 * MIB),
    "readings of empty objects": (READINGS, lambda: b'{"readings":%s}' % listed(b"{}", 15 * MIB)),
    "as many objects as readings": (
        READINGS,
        lambda: b'{"readings":%s}' % listed(b'{"a":{},"b":{},"c":{},"d":[]}', 28 * 49_999),
    ),
    "readings of empty texts": (READINGS, lambda: b'{"readings":%s}' % listed(b'""', 15 * MIB)),
    "one long text": (READINGS, lambda: b'{"metric":"%s"}' % (b"x" * 15 * MIB)),
    "one long text of wide characters": (
        READINGS,
        lambda: b'{"readings":[{"site":"%s"}]}' % ("💡" + "x" * 15 * MIB).encode(),
    ),
    "one long name": (READINGS, lambda: columns(b'"%s":1' % (b"x" * 14 * MIB))),
    "many members": (
        READINGS,
        lambda: columns(b",".join(b'"%d":1' % n for n in range(190_000))),
    ),
    "a long number": (READINGS, lambda: b'{"readings":[{"value":%s}]}' % (b"9" * 15 * MIB)),
    "many lists": (READINGS, lambda: b'{"readings":[%s]}' % listed(b"[]", 3 * 530_000)),
    "many names": (READINGS, lambda: b'{"readings":%s}' % listed(b'{"a":0}', 8 * 315_000)),
    "escapes": (READINGS, lambda: b'{"readings":["%s"]}' % (b"\\\\" * 7 * MIB)),
}


@pytest.fixture(scope="module")
def token(server: Server) -> str:
    """A token of the technician."""
    return str(server.sign_in("technician").json()["token"])


def peak(worker: Path) -> float:
    """The most memory of a process since `forget_peak`, in MB."""
    (used,) = re.findall(r"VmHWM:\s+(\d+) kB", (worker / "status").read_text(encoding="ascii"))
    return int(used) / 1024


def forget_peaks(server: Server) -> None:
    for worker in server.workers():
        (worker / "clear_refs").write_text("5", encoding="ascii")


def longest_wait(server: Server, until: Event) -> float:
    """How long the slowest of many other requests took."""
    longest = 0.0
    while not until.wait(0.02):
        begin = monotonic()
        assert server.ask("GET", "/healthz").status_code == 200
        longest = max(longest, monotonic() - begin)
    return longest


def headers_for(path: str, token: str) -> dict[str, str]:
    """What goes with a body to `path`; readings are packed."""
    if path == "/login/":
        return {"Content-Type": "application/x-www-form-urlencoded"}
    headers = {"Content-Type": "application/json"}
    if path != SIGN_IN:
        headers["Authorization"] = f"Token {token}"
    return headers | ({"Content-Encoding": "gzip"} if path == READINGS else {})


def attacked(
    server: Server, path: str, body: bytes, headers: dict[str, str]
) -> tuple[int, float, float]:
    """The status of a request, the most memory of a process, and how long others waited."""
    forget_peaks(server)
    done = Event()
    with ThreadPoolExecutor(1) as pool:
        others = pool.submit(longest_wait, server, done)
        try:
            answer = server.ask("POST", path, data=body, headers=headers)
        finally:
            done.set()
    memory = max(peak(worker) for worker in server.workers())
    return answer.status_code, memory, others.result()


@pytest.mark.parametrize("name", BODIES)
def test_no_body_takes_much_memory_or_keeps_others_waiting(
    server: Server, token: str, name: str
) -> None:
    path, made = BODIES[name]
    body, headers = made(), headers_for(path, token)
    if path == READINGS:
        body = gzip.compress(body, compresslevel=1)
    # The best of three: other tests take their share of the machine.
    for _ in range(3):
        status, memory, wait = attacked(server, path, body, headers)
        if wait <= LONGEST_WAIT:
            break

    assert status in (400, 413)
    assert memory <= MOST_MEMORY
    assert wait <= LONGEST_WAIT

"""nginx in front of a server that is away: what it answers, how soon, and when it is back."""

import socket
import ssl
from collections.abc import Iterator
from pathlib import Path
from threading import Event
from time import monotonic

import pytest
import requests

from tests.support.processes import free_port, wait_for
from tests.support.stack import Stack, make_secrets, nginx
from tests.support.upstreams import Names, Torrent, answering, deaf, name_server, serving

pytestmark = pytest.mark.nginx

AT_ONCE = 2.0  # s


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where nginx finds its certificate."""
    make_secrets(tmp_path)
    return tmp_path


@pytest.fixture
def names() -> Iterator[Names]:
    """A name server that knows nobody yet."""
    with name_server() as names:
        yield names


@pytest.fixture
def by_name(folder: Path, names: Names) -> Iterator[Stack]:
    """nginx, started while nobody has the application's name."""
    resolver = {"ENERGY_RESOLVER": f"127.0.0.1:{names.port}"}
    with nginx(folder, free_port(), host="web", **resolver) as stack:
        yield stack


def get_at_once(stack: Stack, path: str) -> requests.Response:
    begin = monotonic()
    answer = stack.get(path)
    assert monotonic() - begin < AT_ONCE
    return answer


def is_served(stack: Stack, text: str) -> bool:
    answer = stack.get("/sites/")
    return answer.status_code == 200 and answer.text == text


@pytest.mark.parametrize("path", ["/sites/", "/api/v1/sites/", "/healthz"])
def test_an_application_without_address_is_unavailable_at_once(by_name: Stack, path: str) -> None:
    answer = get_at_once(by_name, path)
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "10"


def test_it_is_found_where_it_is_started_and_where_it_moves(by_name: Stack, names: Names) -> None:
    port = by_name.application_port
    with answering("here", port=port):
        names.address = "127.0.0.1"
        wait_for(lambda: is_served(by_name, "here"))
    with answering("there", host="127.0.0.3", port=port):
        names.address = "127.0.0.3"
        wait_for(lambda: is_served(by_name, "there"), seconds=5)
    names.address = ""
    wait_for(lambda: get_at_once(by_name, "/sites/").status_code == 503, seconds=5)


@pytest.mark.parametrize(
    ("path", "kind"),
    [("/sites/", "text/html"), ("/api/v1/sites/", "application/problem+json")],
)
def test_an_address_that_is_gone_is_unavailable_and_not_slow(
    folder: Path, path: str, kind: str
) -> None:
    with deaf() as port, nginx(folder, port) as stack:
        answer = get_at_once(stack, path)
    assert answer.status_code == 503
    assert answer.headers["Content-Type"] == kind
    assert answer.headers["Retry-After"] == "10"
    assert "503" in answer.text or "is starting or being updated" in answer.text


@pytest.mark.parametrize(
    ("path", "words"), [("/sites/", "<h1>"), ("/api/v1/sites/", '"Gateway Timeout"')]
)
def test_an_application_that_takes_too_long_is_slow(folder: Path, path: str, words: str) -> None:
    over = Event()
    with (
        serving(lambda connection: over.wait(30)) as port,
        nginx(folder, port, ENERGY_ANSWER_TIMEOUT="1s") as stack,
    ):
        answer = stack.get(path)
        over.set()
    assert answer.status_code == 504
    assert words in answer.text


def test_a_slow_reader_takes_little_of_the_memory(folder: Path) -> None:
    torrent = Torrent()
    with serving(torrent.answer) as port, nginx(folder, port) as stack:
        context = ssl.create_default_context(cafile=stack.certificate)
        with (
            socket.create_connection(("localhost", stack.https_port)) as plain,
            context.wrap_socket(plain, server_hostname="localhost") as connection,
        ):
            connection.sendall(b"GET /export HTTP/1.1\r\nHost: localhost\r\n\r\n")
            before = -1

            def stands_still() -> bool:
                nonlocal before
                before, last = torrent.taken, before
                return 0 < torrent.taken == last

            wait_for(stands_still, pause=0.5)
    # Eight of them are nginx's, the others the kernel's between the three.
    assert 8 * 2**20 < torrent.taken < 40 * 2**20

"""What a running server of two processes stands: as many requests at once as an attacker likes."""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

from tests.deploy.processes import free_port
from tests.deploy.stack import application, make_secrets
from tests.factories import PASSWORD


@dataclass(frozen=True)
class Server:
    """A gunicorn with two processes of four threads, as if behind its proxy."""

    port: int

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
    """The server, with a technician and a standard user of one Site."""
    folder = tmp_path_factory.mktemp("doors")
    make_secrets(folder)
    port = free_port()
    with application(folder, port, Path(__file__).with_name("people.py")):
        yield Server(port)


def test_of_eighty_tries_at_once_exactly_those_go_through_that_may(server: Server) -> None:
    with ThreadPoolExecutor(80) as pool:
        answers = pool.map(
            lambda _: server.sign_in("standard", address="192.0.2.80").status_code, range(80)
        )

    assert Counter(answers) == {200: 20, 429: 60}

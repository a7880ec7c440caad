"""A running server does not wait for ever for its database: it answers 503 and Retry-After."""

import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from time import monotonic

import psycopg
import pytest
import requests
from django.conf import settings

from tests.support.composition import ROOT
from tests.support.factories import PASSWORD
from tests.support.processes import free_port
from tests.support.stack import application, make_secrets

pytestmark = pytest.mark.engine

ON_SQLITE = "sqlite3" in settings.DATABASES["default"]["ENGINE"]
SHORT, LONG = "1", "60"
# Well under LONG, and time for a busy machine.
AT_MOST = 15.0


class Server:
    """A gunicorn, which a technician is signed in to."""

    def __init__(self, port: int, folder: Path) -> None:
        self._address = f"http://127.0.0.1:{port}"
        self._headers = {"Host": "localhost", "X-Forwarded-Proto": "https"}
        self.database_url = (folder / "secrets" / "application" / "database-url").read_text()
        self.session = self._sign_in()

    def _sign_in(self) -> dict[str, str]:
        session = requests.Session()
        session.get(f"{self._address}/login/", headers=self._headers, timeout=30)
        # Cookies of HTTPS, which a client of HTTP would keep to itself.
        token = session.cookies["csrftoken"]
        answer = session.post(
            f"{self._address}/login/",
            {"username": "technician", "password": PASSWORD, "csrfmiddlewaretoken": token},
            headers={
                **self._headers,
                "Cookie": f"csrftoken={token}",
                "Referer": "https://localhost/login/",
            },
            timeout=30,
            allow_redirects=False,
        )
        assert answer.status_code == 302
        return {"sessionid": session.cookies["sessionid"], "csrftoken": token}

    def token(self) -> str:
        """A new token of the technician."""
        answer = requests.post(
            f"{self._address}/api/v1/auth/login/",
            json={"username": "technician", "password": PASSWORD},
            headers=self._headers,
            timeout=30,
        )
        return str(answer.json()["token"])

    def ask_by_token(self, token: str) -> requests.Response:
        """The answer to a request that only reads."""
        headers = {**self._headers, "Authorization": f"Token {token}"}
        return requests.get(f"{self._address}/api/v1/sites/", headers=headers, timeout=90)

    def ask(self, path: str, data: dict[str, str] | None = None) -> requests.Response:
        """The answer to a request; with `data` it is a form."""
        form = data and {**data, "csrfmiddlewaretoken": self.session["csrftoken"]}
        cookies = "; ".join(f"{name}={value}" for name, value in self.session.items())
        return requests.request(
            "POST" if form else "GET",
            self._address + path,
            data=form,
            headers={**self._headers, "Cookie": cookies, "Referer": "https://localhost/"},
            timeout=90,
            allow_redirects=False,
        )


@contextmanager
def serving(folder: Path, **timeouts: str) -> Iterator[Server]:
    """A server with these settings."""
    make_secrets(folder)
    port = free_port()
    with application(folder, port, ROOT / "tests" / "support" / "people.py", **timeouts):
        yield Server(port, folder)


USERS = "LOCK TABLE accounts_user, sites_site IN ACCESS EXCLUSIVE MODE"
TOKENS = "SELECT * FROM accounts_apitoken FOR UPDATE"


@contextmanager
def locked(database_url: str, what: str) -> Iterator[None]:
    """Somebody else holds a lock: of all there is on SQLite, which has no other."""
    with ExitStack() as stack:
        if ON_SQLITE:
            path = database_url.removeprefix("sqlite:///")
            connection = stack.enter_context(sqlite3.connect(path, isolation_level=None))
            connection.execute("BEGIN IMMEDIATE")
        else:
            other = stack.enter_context(psycopg.connect(database_url))
            other.execute(what)
        yield


LOCKS = {"WEB_LOCK_TIMEOUT": SHORT, "WEB_STATEMENT_TIMEOUT": LONG}
STATEMENTS = {"WEB_LOCK_TIMEOUT": "0", "WEB_STATEMENT_TIMEOUT": SHORT}


@pytest.mark.parametrize("timeouts", [LOCKS] if ON_SQLITE else [LOCKS, STATEMENTS])
def test_a_request_that_waits_too_long_is_answered_503(
    tmp_path: Path, timeouts: dict[str, str]
) -> None:
    theme = {"theme": "dark"}
    with serving(tmp_path, **timeouts) as server:
        assert server.ask("/account/theme/", theme).status_code == 302
        begin = monotonic()
        with locked(server.database_url, USERS):
            page = server.ask("/account/theme/", theme)
            api = None if ON_SQLITE else server.ask("/api/v1/sites/")
        assert monotonic() - begin < AT_MOST
        assert server.ask("/account/theme/", theme).status_code == 302

    assert page.status_code == 503
    assert int(page.headers["Retry-After"]) > 0
    assert "text/html" in page.headers["Content-Type"]
    if api is not None:
        assert api.status_code == 503
        assert int(api.headers["Retry-After"]) > 0
        assert api.headers["Content-Type"] == "application/problem+json"
        assert "takes too long" in api.json()["detail"]


def test_reading_by_token_waits_for_no_writer(tmp_path: Path) -> None:
    with serving(tmp_path, WEB_LOCK_TIMEOUT=LONG) as server:
        token = server.token()
        with locked(server.database_url, TOKENS):
            begin = monotonic()
            statuses = [server.ask_by_token(token).status_code for _ in range(3)]
            took = monotonic() - begin
        assert "never" in server.ask("/account/tokens/").text
        assert server.ask_by_token(token).status_code == 200
        assert "never" not in server.ask("/account/tokens/").text
        # Whoever has to write still waits until they may.
        assert server.ask("/account/theme/", {"theme": "dark"}).status_code == 302

    assert statuses == [200, 200, 200]
    assert took < AT_MOST

"""How large a body may be, on every face: as large as allowed, and a byte more."""

from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from django.test import Client

from accounts.models import User

KIB, MIB = 1024, 1024 * 1024
FORM, JSON = "application/x-www-form-urlencoded", "application/json"
LIMITS = {
    "/login/": (FORM, 64 * KIB),
    "/api/v1/auth/login/": (JSON, 64 * KIB),
    "/account/": (FORM, MIB),
    "/admin/auth/group/add/": (FORM, MIB),
    "/admin/sites/site/import/": (FORM, MIB),
    "/api/v1/subscriptions/": (JSON, MIB),
    "/api/v1/readings/": (JSON, 16 * MIB),
}


@pytest.fixture
def client(administrator: User, client_for: Callable[[User], Client]) -> Client:
    """A browser signed in as the administrator."""
    return client_for(administrator)


def body_of(content_type: str, size: int) -> bytes:
    return b"a=" + b"x" * (size - 2) if content_type == FORM else b" " * (size - 2) + b"{}"


@pytest.mark.parametrize("path", LIMITS)
def test_a_body_may_be_as_large_as_its_limit_and_no_byte_larger(path: str, client: Client) -> None:
    content_type, limit = LIMITS[path]
    most = client.post(path, body_of(content_type, limit), content_type=content_type)
    more = client.post(path, body_of(content_type, limit + 1), content_type=content_type)

    assert most.status_code in (200, 302, 400)
    assert more.status_code == 413
    if path.startswith("/api/"):
        assert more["Content-Type"] == "application/problem+json"
        assert more.json()["errors"][0]["code"] == "body_too_large"
    else:
        assert "too much at a time" in more.content.decode()
        assert f"over {limit} bytes" in more.content.decode()


def test_none_of_a_body_that_is_too_large_is_read(db: None) -> None:
    body = BytesIO(b"a=b")
    announced: Any = {"CONTENT_LENGTH": str(64 * KIB + 1), "wsgi.input": body}
    assert Client().generic("POST", "/login/", "", FORM, **announced).status_code == 413
    assert body.tell() == 0


@pytest.mark.parametrize("length", ["", "x", "²"])
def test_a_length_that_is_none_announces_nothing(db: None, length: str) -> None:
    answer = Client().generic("POST", "/api/v1/auth/login/", "", JSON, CONTENT_LENGTH=length)
    assert answer.status_code == 400


def test_a_larger_body_is_refused_wherever_it_is_sent(client: Client) -> None:
    paths = ["/sites/", "/subscriptions/", "/api/v1/devices/", "/api/schema/", "/healthz"]
    for path in paths:
        answer = client.post(path, b" " * (MIB + 1), content_type=JSON)
        assert answer.status_code == 413, path


@pytest.mark.parametrize("path", LIMITS)
def test_where_the_server_takes_no_chunks_a_length_is_asked_for(path: str, client: Client) -> None:
    answer = client.generic("POST", path, "", FORM, HTTP_TRANSFER_ENCODING="chunked")
    assert answer.status_code == 411
    assert "announce a Content-Length" in answer.content.decode()

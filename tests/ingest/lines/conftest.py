"""A token that sends line protocol, and what it sends to."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.models import ApiToken, User
from metrics.models import Metric

Send = Callable[..., Any]


@pytest.fixture
def key(technician: User, metric: Metric) -> str:
    """The key of a token of the technician of `metric`, called "gateway"."""
    return str(ApiToken.objects.create(user=technician, scope="ingest", name="gateway")[1])


@pytest.fixture
def send(key: str) -> Send:
    """Posts a body with the token: `send(body, path="/api/v2/write?…", **headers)`."""

    def send(body: str | bytes, path: str = "/api/v2/write?precision=s", **headers: str) -> Any:
        sent = {"Authorization": f"Token {key}", **headers}
        content_type = sent.pop("Content-Type", "text/plain; charset=utf-8")
        return Client().post(path, body, content_type=content_type, headers=sent)

    return send

"""The log as the administrator reads it through the API."""

from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.models import User

ADDRESS = "/api/v1/changes/"
Log = Callable[..., list[dict[str, Any]]]


@pytest.fixture
def log(administrator: User) -> Log:
    """The changes that the administrator sees since the test began to act, the oldest first."""
    client = APIClient()
    client.force_login(administrator)

    def read(**query: Any) -> list[dict[str, Any]]:
        answer = client.get(ADDRESS, {"page_size": 500, **query})
        assert answer.status_code == 200, answer.content
        return [entry for entry in answer.json()["results"] if entry["id"] > read.after][::-1]

    def begin() -> None:
        read.after = max((entry["id"] for entry in read()), default=0)

    read.after = 0
    read.begin = begin
    return read

"""Posting readings as the technician."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.models import User
from tests.metrics.posting import URL


@pytest.fixture
def post(technician: User, api_client_for: Callable[[User], APIClient]) -> Callable[..., Any]:
    """Post a body (bytes as they are, anything else as JSON) as the technician."""
    client = api_client_for(technician)

    def send(
        body: Any, *, query: str = "", content_type: str = "application/json", **headers: str
    ) -> Any:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        return client.post(f"{URL}{query}", raw, content_type=content_type, headers=headers)

    return send

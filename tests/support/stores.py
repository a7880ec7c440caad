"""Posting readings as the technician; the engines that hold history."""

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import wraps
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from rest_framework.test import APIClient

from accounts.models import User
from history import get_store, store_at
from history.store import HistoryStore
from tests.support.posting import URL

NOW = 17_672_256_000_000_000  # long after all readings of tests
# Of the relational database, `hot`: nothing is sealed. `sealed`: everything is, before each
# question. `mixed`: all but what was appended last.
# `spooled`: nothing has reached ClickHouse yet. `moved`: everything has, before each question.
ENGINES = [
    "hot",
    "sealed",
    "mixed",
    pytest.param("spooled", marks=pytest.mark.chdb),
    pytest.param("moved", marks=pytest.mark.chdb),
]
QUESTIONS = ("append", "read", "read_page", "count", "delete")
_sealing: list[str] = []  # the question before which the store is being sealed
SEALED_BEFORE = {"hot": (), "mixed": ("append",), "sealed": QUESTIONS}


@pytest.fixture(scope="session")
def chdb_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a history on chDB with its tables; one for the process, which allows no second."""
    url = f"chdb://{tmp_path_factory.mktemp('chdb')}"
    store_at(url).migrate()
    yield url
    store_at(url).close()


@pytest.fixture
def chdb_store(chdb_url: str) -> HistoryStore:
    """That history, empty."""
    store = store_at(chdb_url)
    store.server.command("TRUNCATE TABLE energy.history")
    return store


@pytest.fixture(params=ENGINES)
def store(request: pytest.FixtureRequest, settings: Any) -> HistoryStore:
    """The configured store, on every engine."""
    monkeypatch = request.getfixturevalue("monkeypatch")
    if request.param in SEALED_BEFORE:
        store = get_store()
        for name in SEALED_BEFORE[request.param]:
            monkeypatch.setattr(store, name, _after_sealing(store, name))
        return store
    store = request.getfixturevalue("chdb_store")
    settings.HISTORY_URL = request.getfixturevalue("chdb_url")
    if request.param == "moved":
        for name in QUESTIONS:
            monkeypatch.setattr(store, name, _after_sealing(store, name))
    return store


def _after_sealing(store: HistoryStore, name: str) -> Any:
    question = getattr(store, name)

    @wraps(question)
    def asked(*args: Any, **kwargs: Any) -> Any:
        if not _sealing:  # which asks as well
            _sealing.append(name)
            try:
                store.seal(NOW)
            finally:
                _sealing.clear()
        return question(*args, **kwargs)

    return asked


@pytest.fixture
def on_disk(tmp_path: Path, transactional_db: None) -> Iterator[None]:
    """The test's database where another process sees it; SQLite's is in memory otherwise."""
    if connection.vendor == "postgresql":
        yield
        return
    kept, name = connection.connection, connection.settings_dict["NAME"]
    file = tmp_path / "history.sqlite3"
    with closing(sqlite3.connect(file)) as copy:
        kept.backup(copy)
    connection.connection, connection.settings_dict["NAME"] = None, str(file)
    yield
    connection.close()
    connection.connection, connection.settings_dict["NAME"] = kept, name


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

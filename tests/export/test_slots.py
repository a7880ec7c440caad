"""How many exports run at once, of one user and in all."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError
from django.db.backends.base.base import BaseDatabaseWrapper
from rest_framework.test import APIClient

from accounts.models import User
from history import get_store
from metrics.models import Metric


@pytest.fixture(autouse=True)
def run_dir(settings: Any, tmp_path: Path) -> Path:
    settings.RUN_DIR = tmp_path / "run"
    return settings.RUN_DIR


@pytest.fixture(autouse=True)
def lasting_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    """Closing an answer would close the connection that the test's transaction is on."""
    monkeypatch.setattr(BaseDatabaseWrapper, "close_if_unusable_or_obsolete", lambda self: None)


@pytest.fixture
def export(api_client_for: Callable[[User], APIClient], metric: Metric) -> Callable[..., Any]:
    """Begins an export by a user, of which nothing is read."""

    def ask(user: User, query: str = "", method: str = "get") -> Any:
        address = f"/api/v1/metrics/{metric.pk}/export/?{query}"
        return getattr(api_client_for(user), method)(address)

    return ask


def test_a_user_has_two_at_once(export: Any, standard: User, technician: User) -> None:
    running = [export(standard), export(standard)]
    refused = export(standard)

    assert [answer.status_code for answer in running] == [200, 200]
    assert refused.status_code == 429
    assert int(refused["Retry-After"]) > 0
    assert refused.json()["errors"][0]["code"] == "too_many_exports"
    assert "of yours" in refused.json()["detail"]
    assert export(technician).status_code == 200


@pytest.mark.parametrize("is_read", [True, False])
def test_one_that_has_ended_makes_room(export: Any, standard: User, is_read: bool) -> None:
    first, second = export(standard), export(standard)
    if is_read:
        b"".join(first.streaming_content)
    first.close()
    first.close()

    assert export(standard).status_code == 200
    assert second.status_code == 200


def test_there_are_only_so_many_in_all(
    export: Any, standard: User, technician: User, administrator: User, settings: Any
) -> None:
    settings.EXPORTS_AT_ONCE = 3
    running = [export(user) for user in (standard, standard, technician)]

    assert [answer.status_code for answer in running] == [200] * 3
    refused = export(administrator)
    assert refused.status_code == 429
    assert "in all" in refused.json()["detail"]
    running.pop().close()
    assert export(administrator).status_code == 200


def test_a_process_keeps_a_thread_for_others(
    export: Any, standard: User, technician: User, settings: Any
) -> None:
    settings.EXPORTS_PER_PROCESS = 1
    running = export(standard)

    assert running.status_code == 200
    assert export(technician).status_code == 429


def test_what_is_refused_or_only_asked_about_takes_no_room(export: Any, standard: User) -> None:
    kept = [export(standard, "resolution=never"), export(standard, method="head")]
    kept += [export(standard), export(standard), export(standard)]

    assert [answer.status_code for answer in kept] == [400, 200, 200, 200, 429]


def test_one_that_cannot_begin_takes_no_room(
    export: Any, standard: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*args: Any, **kwargs: Any) -> None:
        raise OperationalError("gone")

    with monkeypatch.context() as outage:
        outage.setattr(type(get_store()), "read_page", away)
        assert [export(standard).status_code for _ in range(3)] == [503] * 3
    assert export(standard).status_code == 200


def test_locks_are_kept_from_others(export: Any, standard: User, run_dir: Path) -> None:
    running = export(standard)

    assert running.status_code == 200
    assert run_dir.stat().st_mode & 0o077 == 0


def test_a_folder_of_somebody_else_is_not_trusted(
    export: Any, standard: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 12_345)
    with pytest.raises(PermissionError, match="RUN_DIR"):
        export(standard)

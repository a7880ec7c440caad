"""`manage.py seed_demo`: a fleet with history, and people who see their part of it."""

import stat
import subprocess
import sys
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from accounts.models import User
from demo.management.commands import seed_demo
from sites.models import Site
from tests.support.factories import SiteFactory, UserFactory


@pytest.fixture(autouse=True)
def var_dir(settings: Any, tmp_path: Path) -> Path:
    settings.VAR_DIR = tmp_path
    return tmp_path


@pytest.fixture
def no_history(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows only: nothing is simulated."""

    def nothing(*args: Any, **kwargs: Any) -> Iterator[int]:
        return iter(())

    monkeypatch.setattr(seed_demo, "store_window", nothing)


def seed(**options: Any) -> str:
    said = StringIO()
    call_command("seed_demo", verbosity=0, stdout=said, stderr=said, **options)
    return said.getvalue()


def test_a_password_is_made_shown_and_kept_for_its_owner_only(
    db: None, no_history: None, var_dir: Path, monkeypatch: pytest.MonkeyPatch, client: Any
) -> None:
    monkeypatch.delenv("DEMO_PASSWORD", raising=False)
    said = seed()
    kept = var_dir / "demo-password"
    password = kept.read_text().strip()
    assert said.count(password) == 1
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert client.login(username="admin", password=password)


def test_an_empty_password_that_a_crash_left_lets_nobody_in(
    db: None, no_history: None, var_dir: Path, monkeypatch: pytest.MonkeyPatch, client: Any
) -> None:
    monkeypatch.delenv("DEMO_PASSWORD", raising=False)
    (var_dir / "demo-password").touch()
    seed()
    assert not client.login(username="admin", password="")
    assert client.login(username="admin", password=(var_dir / "demo-password").read_text().strip())


def test_a_password_that_cannot_be_kept_is_still_shown(
    db: None, no_history: None, var_dir: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DEMO_PASSWORD", raising=False)
    (var_dir / "file").touch()
    settings.VAR_DIR = var_dir / "file" / "below"
    assert "could not be kept" in seed()


def test_if_empty_leaves_a_database_with_people_alone(db: None) -> None:
    UserFactory()
    assert seed(if_empty=True) == ""
    assert not Site.objects.exists()


def test_if_empty_leaves_a_database_with_other_sites_alone(db: None) -> None:
    SiteFactory()
    assert seed(if_empty=True) == ""
    assert Site.objects.count() == 1


def test_if_empty_goes_on_after_an_interruption(
    db: None, no_history: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*args: Any, **kwargs: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(seed_demo, "store_window", interrupted)
        with pytest.raises(KeyboardInterrupt):
            seed()
    assert Site.objects.exists()
    seed(if_empty=True)
    assert User.objects.count() == 3
    assert Site.objects.count() == 4


def test_days_come_from_the_environment(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    windows: list[int] = []

    def remember(simulation: Any, fed: Any, start: int, end: int, **kwargs: Any) -> Any:
        windows.append(end - 1 - start)
        return iter(())

    monkeypatch.setattr(seed_demo, "store_window", remember)
    monkeypatch.setenv("DEMO_DAYS", "3")
    seed()
    assert set(windows) == {(3 * 1440 - 1) * 60_000_000}


@pytest.mark.parametrize("days", [0, -1, 100_000])
def test_days_out_of_range_are_refused(db: None, days: int) -> None:
    with pytest.raises(CommandError, match="from 1 to"):
        seed(days=days)
    assert not Site.objects.exists()


def test_slow_libraries_wait_until_they_are_needed() -> None:
    code = (
        "import sys; from tests import settings; import django; django.setup();"
        "import demo.management.commands.seed_demo;"
        "import demo.management.commands.simulate, ingest.management.commands.import_readings;"
        "assert not {'pvlib', 'pandas', 'scipy'} & sys.modules.keys()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"DJANGO_SETTINGS_MODULE": "tests.settings"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")

"""What the compose file promises, read from the file itself: no Docker engine is needed."""

import re
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from history.clickhouse.server import Address
from tests.support.composition import COMPOSE_FILE, ROOT, compose
from tests.support.stack import application_environment, make_secrets

ONE_SHOT = {"secrets", "migrate", "migrate-history", "static", "seed"}


@pytest.mark.parametrize(
    ("schema", "path"),
    [("compose-spec", COMPOSE_FILE), ("github-workflows", ROOT / ".github/workflows/ci.yml")],
)
def test_the_file_follows_its_published_schema(schema: str, path: Path) -> None:
    checker = Path(sys.executable).with_name("check-jsonschema")
    answer = subprocess.run(
        [checker, "--builtin-schema", f"vendor.{schema}", path],
        check=False,
        capture_output=True,
        text=True,
    )
    assert answer.returncode == 0, answer.stdout


def test_only_nginx_publishes_ports_and_on_loopback() -> None:
    published = {
        name: service["ports"]
        for name, service in compose()["services"].items()
        if "ports" in service
    }
    assert published == {"nginx": ["127.0.0.1:8080:8080", "127.0.0.1:8443:8443"]}


def test_what_keeps_running_starts_again_after_a_failure() -> None:
    services = compose()["services"]
    assert {services[name].get("restart") for name in services.keys() - ONE_SHOT} == {
        "unless-stopped"
    }


def test_one_service_migrates_and_the_server_waits_for_it() -> None:
    services = compose()["services"]
    assert [
        name for name, service in services.items() if "migrate" in service.get("command", "")
    ] == ["migrate"]
    assert services["web"]["depends_on"]["migrate"] == {
        "condition": "service_completed_successfully"
    }


def test_the_application_runs_unprivileged_and_cannot_write_its_image() -> None:
    web = compose()["services"]["web"]
    assert web["read_only"] is True
    assert web["cap_drop"] == ["ALL"]
    assert re.search(r"^USER energy$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)


def test_the_simulator_is_a_profile() -> None:
    assert compose()["services"]["simulate"]["profiles"] == ["simulate"]


def test_clickhouse_is_a_profile_with_its_own_password(tmp_path: Path) -> None:
    services = compose()["services"]
    folder = make_secrets(tmp_path)
    password = (folder / "clickhouse-password").read_text(encoding="ascii")

    assert services["clickhouse"]["profiles"] == services["migrate-history"]["profiles"]
    assert services["clickhouse"]["environment"]["CLICKHOUSE_PASSWORD_FILE"] == (
        "/secrets/clickhouse-password"
    )
    assert Address.of((folder / "history-url").read_text(encoding="ascii")) == Address(
        "energy", "clickhouse", 8123, "energy", password
    )


def test_the_deployment_check_has_nothing_to_say(tmp_path: Path) -> None:
    make_secrets(tmp_path)
    environment = application_environment(tmp_path, "postgres://energy@localhost/energy", 8000)
    answer = subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level=WARNING"],
        check=False,
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert answer.returncode == 0, answer.stderr


def test_the_image_gets_every_file_that_the_application_needs(tmp_path: Path) -> None:
    make_secrets(tmp_path)
    application = tmp_path / "app"
    allowed = re.findall(r"^!(\S+)$", (ROOT / ".dockerignore").read_text(), re.MULTILINE)
    for name in allowed:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        application.mkdir(exist_ok=True)
        copy(ROOT / name, application / name)
    answer = subprocess.run(
        [sys.executable, "manage.py", "collectstatic", "--noinput", "--dry-run"],
        check=False,
        cwd=application,
        env=application_environment(tmp_path, "postgres://energy@localhost/energy", 8000),
        capture_output=True,
        text=True,
    )
    assert answer.returncode == 0, answer.stderr
    assert "static files copied" in answer.stdout


def test_secrets_are_made_once_and_only_for_their_owner(tmp_path: Path) -> None:
    folder = make_secrets(tmp_path)
    names = ("secret-key", "demo-password", "database-password", "database-url", "tls.key")
    first = {name: (folder / name).read_bytes() for name in names}
    make_secrets(tmp_path)
    assert {name: (folder / name).read_bytes() for name in names} == first
    assert {stat.S_IMODE((folder / name).stat().st_mode) for name in names} == {0o600}


def test_every_variable_that_the_settings_read_is_documented() -> None:
    source = (ROOT / "energy" / "settings.py").read_text(encoding="utf-8")
    read = set(re.findall(r'env(?:\.\w+)?\(\s*"([A-Z_]+)"', source))
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    assert read - set(re.findall(r"^#?([A-Z_]+)=", example, re.MULTILINE)) == set()

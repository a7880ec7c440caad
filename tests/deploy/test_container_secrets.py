"""The secrets that containers start with: made once, and each seen only by who needs it."""

import stat
from pathlib import Path

import pytest

from tests.support.composition import compose
from tests.support.stack import make_secrets

FOLDERS = {
    "application": {"secret-key", "demo-password", "database-url", "history-url", "mqtt-url"},
    "nginx": {"tls.crt", "tls.key"},
    "db": {"database-password"},
    "clickhouse": {"clickhouse-password"},
    "mosquitto": {"energy-password", "gateway-password", "tls.crt", "tls.key"},
}


def mounts(service: str) -> dict[str, str]:
    """Where a service sees its volumes: the path for each name."""
    listed = compose()["services"][service].get("volumes", [])
    return {name: path for name, path, *_ in (volume.split(":") for volume in listed)}


def test_each_folder_holds_what_its_reader_needs_and_nothing_else(tmp_path: Path) -> None:
    folder = make_secrets(tmp_path)
    assert {
        path.name: {file.name for file in path.iterdir()} for path in folder.iterdir()
    } == FOLDERS


@pytest.mark.parametrize("service", ["nginx", "db", "clickhouse", "mosquitto"])
def test_a_server_sees_its_own_secrets_only(service: str) -> None:
    assert {name for name in mounts(service) if name.startswith("secrets")} == {
        f"secrets-{service}"
    }
    assert mounts("secrets")[f"secrets-{service}"] == f"/secrets/{service}"


@pytest.mark.parametrize("service", ["web", "worker", "mqtt", "prepare", "simulate", "seed"])
def test_the_application_sees_its_own_secrets_only(service: str) -> None:
    seen = {name for name in mounts(service) if name.startswith("secrets")}
    assert seen == {"secrets"}
    assert mounts("secrets")["secrets"] == "/secrets/application"


def test_they_are_made_once_and_only_for_their_owner(tmp_path: Path) -> None:
    folder = make_secrets(tmp_path)
    files = [path for path in folder.rglob("*") if path.is_file()]
    first = {path: path.read_bytes() for path in files}
    make_secrets(tmp_path)
    assert {path: path.read_bytes() for path in files} == first
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}


@pytest.mark.parametrize("name", ["application/secret-key", "nginx/tls.crt"])
def test_what_a_crash_left_empty_is_made_anew(tmp_path: Path, name: str) -> None:
    path = make_secrets(tmp_path) / name
    path.write_text("")
    make_secrets(tmp_path)
    assert len(path.read_text()) > 50

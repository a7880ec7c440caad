"""What the compose file promises, read from the file itself: no Docker engine is needed."""

import re
import subprocess
import sys
from pathlib import Path, PurePath

import pytest

from history.clickhouse.server import Address
from tests.support.composition import COMPOSE_FILE, ROOT, compose, environment_of
from tests.support.stack import application_environment, make_secrets

ONE_SHOT = {"secrets", "prepare", "migrate-history", "seed"}
SERVICES = compose()["services"]
LONG_RUNNING = sorted(SERVICES.keys() - ONE_SHOT)
VOLUMES_OF_IMAGES = {
    "postgres": ["/var/lib/postgresql/data"],
    "clickhouse/clickhouse-server": ["/var/lib/clickhouse"],
    "eclipse-mosquitto": ["/mosquitto/data", "/mosquitto/log"],
}


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


def test_only_nginx_and_the_broker_publish_ports_and_on_loopback() -> None:
    published = {
        name: service["ports"]
        for name, service in compose()["services"].items()
        if "ports" in service
    }
    assert published == {
        "nginx": ["127.0.0.1:8080:8080", "127.0.0.1:8443:8443"],
        "mosquitto": ["127.0.0.1:1883:1883", "127.0.0.1:8883:8883"],
    }


def test_what_keeps_running_starts_again_after_a_failure() -> None:
    services = compose()["services"]
    assert {services[name].get("restart") for name in services.keys() - ONE_SHOT} == {
        "unless-stopped"
    }


def test_one_service_migrates_and_the_others_wait_for_it() -> None:
    migrating = [name for name in SERVICES if "migrate " in str(SERVICES[name].get("command"))]
    assert migrating == ["prepare"]
    for name in ("worker", "seed"):
        assert SERVICES[name]["depends_on"]["prepare"] == {
            "condition": "service_completed_successfully"
        }
    assert environment_of("web")["AWAIT_MIGRATIONS"] == "true"


@pytest.mark.parametrize("name", ["web", "live", "nginx"])
def test_an_upgrade_cuts_off_only_what_it_replaces(name: str) -> None:
    """Compose stops what depends on a container that it makes anew, before that one has begun."""
    assert SERVICES[name]["depends_on"].keys() == {"secrets"}
    assert "depends_on" not in SERVICES["secrets"]


@pytest.mark.parametrize("name", ["web", "live", "worker", "mqtt", "simulate", "prepare"])
def test_the_application_has_no_privileges_and_cannot_write_its_image(name: str) -> None:
    assert SERVICES[name]["read_only"] is True
    assert SERVICES[name]["cap_drop"] == ["ALL"]


@pytest.mark.parametrize("name", LONG_RUNNING)
def test_each_that_keeps_running_has_a_health_check_of_its_own(name: str) -> None:
    assert SERVICES[name]["healthcheck"]["test"][0] == "CMD"


@pytest.mark.parametrize("name", ["web", "live", "worker", "simulate"])
def test_locks_are_kept_where_the_container_can_write(name: str) -> None:
    folder = PurePath(environment_of(name)["RUN_DIR"])
    writable = [PurePath(mount.partition(":")[0]) for mount in SERVICES[name]["tmpfs"]]
    assert any(folder.is_relative_to(path) for path in writable)


@pytest.mark.parametrize("name", ["worker", "mqtt", "simulate"])
def test_a_heartbeat_is_looked_for_where_it_is_left(name: str) -> None:
    *_, left = SERVICES[name]["command"]
    *_, sought = SERVICES[name]["healthcheck"]["test"]
    assert left == sought == "/tmp/heartbeat"


@pytest.mark.parametrize("name", sorted(ONE_SHOT))
def test_each_that_ends_is_waited_for_by_one_that_runs_whenever_it_does(name: str) -> None:
    """Otherwise `up --wait` takes its end for a failure."""
    assert "healthcheck" not in SERVICES[name]
    profiles = SERVICES[name].get("profiles")
    assert any(
        service.get("depends_on", {}).get(name, {}).get("condition")
        == "service_completed_successfully"
        for service in SERVICES.values()
        if service.get("profiles") in (None, profiles)
    )


def test_what_is_in_no_profile_does_without_what_is_in_one() -> None:
    for service in SERVICES.values():
        for name, condition in service.get("depends_on", {}).items():
            if SERVICES[name].get("profiles") not in (None, service.get("profiles")):
                assert condition["required"] is False


def test_each_image_is_built_in_one_place_and_pulled_nowhere() -> None:
    """A second build would give the same image another digest, and a new container to all."""
    own = [service for service in SERVICES.values() if service["image"].startswith("energy")]
    built = [service["image"] for service in own if "build" in service]
    assert sorted(built) == sorted({service["image"] for service in own})
    assert {service["pull_policy"] for service in own} == {"never"}


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_each_log_is_bounded(name: str) -> None:
    options = SERVICES[name]["logging"]["options"]
    assert options["max-size"]
    assert int(options["max-file"]) > 0


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_memory_that_files_may_take_is_bounded(name: str) -> None:
    for mount in SERVICES[name].get("tmpfs", []):
        assert re.search(r":size=\d+m$", mount)


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_no_volume_is_left_without_a_name(name: str) -> None:
    """An image's own volume gets one without a name where compose mounts nothing."""
    image, service = SERVICES[name]["image"].partition(":")[0], SERVICES[name]
    mounted = {mount.split(":")[0] for mount in service.get("tmpfs", [])}
    mounted |= {volume.split(":")[1] for volume in service.get("volumes", [])}
    assert set(VOLUMES_OF_IMAGES.get(image, [])) <= mounted


def test_the_simulator_is_a_profile() -> None:
    assert compose()["services"]["simulate"]["profiles"] == ["simulate"]


def test_clickhouse_is_a_profile_with_its_own_password(tmp_path: Path) -> None:
    services = compose()["services"]
    folder = make_secrets(tmp_path)
    password = (folder / "clickhouse" / "clickhouse-password").read_text(encoding="ascii")

    assert services["clickhouse"]["profiles"] == services["migrate-history"]["profiles"]
    assert services["clickhouse"]["environment"]["CLICKHOUSE_PASSWORD_FILE"] == (
        "/secrets/clickhouse-password"
    )
    assert Address.of(
        (folder / "application" / "history-url").read_text(encoding="ascii")
    ) == Address("energy", "clickhouse", 8123, "energy", password)


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

"""`.env.example`: it documents every setting, and each one it documents reaches its reader."""

import re

import pytest

from tests.support.composition import ROOT, compose, environment_of

EXAMPLE = (ROOT / ".env.example").read_text(encoding="utf-8")
# What stands in for a value of each; `.env` may hold any text.
MARK = "12345"


def documented(*titles: str) -> list[str]:
    """The variables of the sections with these titles, or of all."""
    sections = re.split(r"^# --- (.+?) -*$", EXAMPLE, flags=re.MULTILINE)
    chosen = dict(zip(sections[1::2], sections[2::2], strict=True))
    assert set(titles) <= chosen.keys()
    text = "".join(chosen[title] for title in titles or chosen)
    return re.findall(r"^#?([A-Z_]+)=", text, re.MULTILINE)


def test_every_variable_that_the_settings_read_is_documented() -> None:
    modules = ("settings.py", "oidc.py")
    source = "".join((ROOT / "energy" / name).read_text(encoding="utf-8") for name in modules)
    read = set(re.findall(r'env(?:\.\w+)?\(\s*"([A-Z_]+)"', source))
    assert read - set(documented()) == set()


def test_none_is_documented_twice() -> None:
    assert len(documented()) == len(set(documented()))


@pytest.mark.parametrize("name", documented("Application", "Demo"))
@pytest.mark.parametrize("service", ["web", "worker", "mqtt", "prepare", "seed", "simulate"])
def test_each_of_the_applications_reaches_each_of_its_containers(name: str, service: str) -> None:
    assert MARK in environment_of(service, {name: MARK})[name].split(",")


@pytest.mark.parametrize("name", documented("Server (gunicorn)"))
def test_each_of_the_servers_reaches_it(name: str) -> None:
    assert environment_of("web", {name: MARK})[name] == MARK


@pytest.mark.parametrize("name", sorted(set(documented("docker compose")) - {"COMPOSE_PROFILES"}))
def test_each_of_composes_changes_what_the_file_says(name: str) -> None:
    assert MARK in str(compose({name: MARK}))


@pytest.mark.parametrize("name", documented("make run"))
def test_what_is_for_make_run_does_not_change_a_container(name: str) -> None:
    own = environment_of("web")
    assert own.items() <= environment_of("web", {name: MARK}).items()


def test_a_secret_in_the_file_goes_before_the_one_that_was_made() -> None:
    """A NAME_FILE that compose itself sets would win over a NAME in `.env`."""
    for service in compose()["services"]:
        names = environment_of(service)
        assert {
            "SECRET_KEY_FILE",
            "DATABASE_URL_FILE",
            "DEMO_PASSWORD_FILE",
        } & names.keys() == set()


@pytest.mark.parametrize("service", ["db", "nginx", "clickhouse", "mosquitto", "secrets"])
def test_servers_of_others_do_not_see_the_file(service: str) -> None:
    assert MARK not in environment_of(service, {"SECRET_KEY": MARK}).values()

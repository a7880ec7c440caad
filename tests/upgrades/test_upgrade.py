"""A database of an earlier release, after `migrate`: all that was in it is still there."""

import lzma
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import time_machine
from django.conf import global_settings
from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.test import Client
from rest_framework.test import APIClient

from tests.upgrades import release_0_1_0 as release

API = "/api/v1"
LATER = release.MADE_AT + timedelta(hours=1)
METRICS = dict(release.names())

# Each test runs in a transaction on the connection that is in use: the old database's.
pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module", autouse=True)
def upgraded(
    tmp_path_factory: pytest.TempPathFactory, django_db_setup: None, django_db_blocker: Any
) -> Iterator[SimpleNamespace]:
    """The release's database after `migrate`, as the one in use; beside it a new, empty one."""
    new = connections["default"]
    with django_db_blocker.unblock(), _loaded(new, tmp_path_factory.mktemp("old")) as name:
        old = type(new)({**new.settings_dict, "NAME": name}, "default")
        _use(old)
        try:
            _retire(old)
            call_command("migrate", verbosity=0)
            yield SimpleNamespace(old=old, new=new)
        finally:
            old.close()
            _use(new)


@contextmanager
def _loaded(connection: BaseDatabaseWrapper, folder: Path) -> Iterator[str]:
    """The name of a copy of the release's database on the engine of a connection."""
    kept = Path(__file__).with_name(release.NAME)
    if connection.vendor == "sqlite":
        copy = folder / "db.sqlite3"
        copy.write_bytes(lzma.decompress(Path(f"{kept}.sqlite3.xz").read_bytes()))
        yield str(copy)
        return
    name = f"{connection.settings_dict['NAME']}_upgraded"
    with connection._nodb_cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {name}")
    try:
        copy = type(connection)({**connection.settings_dict, "NAME": name}, "copy")
        with copy.cursor() as cursor:
            cursor.execute(lzma.decompress(Path(f"{kept}.sql.xz").read_bytes()).decode())
        copy.close()
        yield name
    finally:
        with connection._nodb_cursor() as cursor:
            cursor.execute(f"DROP DATABASE {name}")


def _retire(connection: BaseDatabaseWrapper) -> None:
    """Retire a Device, as people did before the release's database said when."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE devices_device SET status = 'retired' WHERE slug = 'weather'")


def _use(connection: BaseDatabaseWrapper) -> None:
    connections["default"] = connection
    ContentType.objects.clear_cache()


@pytest.fixture(autouse=True)
def soon_after(settings: Any) -> Iterator[None]:
    """An hour after the database was made, with passwords hashed as in production."""
    settings.PASSWORD_HASHERS = global_settings.PASSWORD_HASHERS
    with time_machine.travel(LATER, tick=False):
        yield


def by_token(person: release.Person) -> APIClient:
    """A client with the token that the person was given before the upgrade."""
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Token {person.token}")
    return client


@pytest.fixture
def admin() -> APIClient:
    """A client of the administrator, who sees everything."""
    return by_token(release.PEOPLE[0])


@pytest.fixture
def metrics(admin: APIClient) -> dict[str, dict[str, Any]]:
    """Every Metric of the database by "device/key", as the API answers it."""
    devices = {row["id"]: row["slug"] for row in results(admin, "devices")}
    return {f"{devices[row['device']]}/{row['key']}": row for row in results(admin, "metrics")}


def results(client: APIClient, what: str) -> list[dict[str, Any]]:
    """A whole list of the API."""
    answer = client.get(f"{API}/{what}/?page_size=100").json()
    assert answer["next"] is None
    return answer["results"]


def history(client: APIClient, metric: dict[str, Any], query: str) -> dict[str, Any]:
    """The only series of an answer of `timeseries/`."""
    answer = client.get(f"{API}/metrics/{metric['id']}/timeseries/?{query}").json()
    (series,) = answer["series"]
    return {"timestamps": answer.get("timestamps"), **series}


def test_every_metric_is_there_with_its_type_and_unit(metrics):
    assert {name: row["type"] for name, row in metrics.items()} == METRICS
    units = {key: unit for device in release.DEVICES for key, unit, _ in device.metrics}
    assert all(row["unit"] == units[row["key"]] for row in metrics.values())
    assert {row["expected_interval"] for row in metrics.values()} == {600}


@pytest.mark.parametrize("name", METRICS)
def test_every_reading_is_there(admin, metrics, name):
    query = f"start=2026-11-01&end={LATER:%Y-%m-%dT%H:%M:%SZ}&resolution=raw&max_points=1000"
    series = history(admin, metrics[name], query)
    instants = map(datetime.fromisoformat, series["timestamps"])
    found = list(zip(instants, series["values"], strict=True))
    assert found == release.readings(name, METRICS[name])


@pytest.mark.parametrize("name", METRICS)
def test_every_latest_value_is_there(metrics, name):
    instant, value = release.readings(name, METRICS[name])[-1]
    latest = metrics[name]["latest"]
    assert latest["value"] == value
    assert datetime.fromisoformat(latest["timestamp"]) == instant


@pytest.mark.parametrize("day", [21, 24], ids=["a sealed day", "a day of rows"])
def test_hours_are_answered_from_what_was_kept(admin, metrics, day):
    query = f"start=2026-11-{day}T00:00:00Z&end=2026-11-{day + 1}T00:00:00Z&resolution=1h"
    mean = history(admin, metrics["depot-meter/active_power"], query)["values"]
    measured = dict(release.readings("depot-meter/active_power", "gauge"))
    begin = datetime.fromisoformat(f"2026-11-{day}T00:00:00Z")
    hours = [
        [measured[begin + hour * timedelta(hours=1) + step * release.STEP] for step in range(6)]
        for hour in range(24)
    ]
    assert mean == pytest.approx([sum(hour) / 6 for hour in hours])
    counted = history(admin, metrics["grid-meter/import_energy"], query)["values"]
    assert counted == pytest.approx([300.0] * 24)


def test_a_retired_device_was_so_with_its_last_reading(admin):
    devices = {row["slug"]: row for row in results(admin, "devices")}
    last, _ = release.readings("weather/irradiance", "gauge")[-1]
    assert datetime.fromisoformat(devices["weather"]["retired_at"]) == last
    assert devices["grid-meter"]["retired_at"] is None


@pytest.mark.parametrize("person", release.PEOPLE, ids=lambda person: person.username)
def test_tokens_still_sign_in_and_show_the_same_sites(person):
    me = by_token(person).get(f"{API}/me/").json()
    assert me["username"] == person.username
    assert me["role"] == (person.group or "admin")
    assert me["time_zone"] == person.time_zone
    seen = {row["slug"] for row in results(by_token(person), "sites")}
    assert seen == set(person.sites or release.SITES)


@pytest.mark.parametrize("person", release.PEOPLE, ids=lambda person: person.username)
def test_passwords_still_sign_in(person):
    credentials = {"username": person.username, "password": release.PASSWORD}
    assert APIClient().post(f"{API}/auth/login/", credentials).status_code == 200
    browser = Client()
    assert browser.post("/login/", credentials)["Location"] == "/sites/"
    assert browser.get("/account/").status_code == 200


@pytest.mark.parametrize("person", release.PEOPLE, ids=lambda person: person.username)
def test_subscriptions_are_there_with_their_metrics(metrics, person):
    (subscription,) = results(by_token(person), "subscriptions")
    names = {row["id"]: name for name, row in metrics.items()}
    assert subscription["name"] == person.subscription
    assert {names[pk] for pk in subscription["metrics"]} == set(person.metrics)


def test_verbs_are_still_held_by_the_same_roles(metrics):
    url = f"{API}/devices/{metrics['battery/mode']['device']}/"
    _, technician, standard = map(by_token, release.PEOPLE)
    assert technician.patch(url, {"notes": "Seen."}).status_code == 200
    assert standard.patch(url, {"notes": "Mine."}).status_code == 403


def test_history_goes_on(admin, metrics):
    instant = (LATER - timedelta(minutes=1)).isoformat()
    reading = {"metric": metrics["battery/mode"]["id"], "timestamp": instant, "value": 2}
    assert admin.post(f"{API}/readings/", {"readings": [reading]}).json()["accepted"] == 1
    call_command("seal_history")
    assert history(admin, metrics["battery/mode"], "resolution=raw")["values"][-1] == 2


def test_the_tables_are_those_of_a_new_database(upgraded):
    assert _tables(upgraded.old) == _tables(upgraded.new)


def _tables(connection: BaseDatabaseWrapper) -> dict[str, Any]:
    """The columns and constraints of every table of a model."""
    introspection = connection.introspection
    with connection.cursor() as cursor:
        return {
            table: (
                {
                    (column.name, column.type_code, column.null_ok)
                    for column in introspection.get_table_description(cursor, table)
                },
                introspection.get_constraints(cursor, table),
            )
            for table in introspection.django_table_names(only_existing=True)
        }

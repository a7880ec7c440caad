"""Fills an empty database with what a release is to leave behind.

Everything comes through the API, as in the field, but for what is made in the admin alone.
"""

from datetime import datetime
from unittest.mock import patch

import time_machine
from django.contrib.auth.models import Group
from django.core.management import call_command
from django.db import connections
from rest_framework.test import APIClient

from accounts.models import User
from history.models import Chunk, Reading
from metrics.models import Metric
from metrics.vocabulary import MetricType
from sites.models import Site
from tests.upgrades import release_0_1_0 as release

API = "/api/v1"


def fill() -> None:
    """Migrate, and bring everything in; some days are sealed afterwards, others are not."""
    call_command("migrate", verbosity=0)
    with time_machine.travel(release.MADE_AT, tick=False):
        _make_sites()
        clients = {person.username: _sign_up(person) for person in release.PEOPLE}
        metrics = _make_devices(clients["ada"])
        _bring_readings(clients["ada"], metrics)
        for person in release.PEOPLE:
            _subscribe(clients[person.username], person, metrics)
    assert {kind for _, kind in release.names()} == set(MetricType)
    assert Chunk.objects.count() == release.SEALED_DAYS * len(metrics)
    assert Reading.objects.values("metric").distinct().count() == len(metrics)
    connections.close_all()


def _make_sites() -> None:
    for slug, zone in release.SITES.items():
        Site.objects.create(slug=slug, name=slug.replace("-", " ").capitalize(), time_zone=zone)


def _sign_up(person: release.Person) -> APIClient:
    """Create a user; returns a client that signed in as them, by their token."""
    user = User.objects.create_user(
        person.username,
        password=release.PASSWORD,
        time_zone=person.time_zone,
        is_superuser=person.group is None,
        is_staff=person.group is None,
    )
    if person.group:
        user.groups.add(Group.objects.get(name=person.group))
    for site in Site.objects.filter(slug__in=person.sites):
        site.assignments.create(user=user)
    client = APIClient(SERVER_NAME="localhost")
    with patch("knox.crypto.create_token_string", return_value=person.token):
        credentials = {"username": person.username, "password": release.PASSWORD}
        _send(client, f"{API}/auth/login/", credentials)
    client.credentials(HTTP_AUTHORIZATION=f"Token {person.token}")
    return client


def _make_devices(client: APIClient) -> dict[str, int]:
    """The ids of all Metrics by "device/key"."""
    ids = {}
    for device in release.DEVICES:
        interval = {"expected_interval": int(release.STEP.total_seconds())}
        body = {
            "site": Site.objects.get(slug=device.site).pk,
            "name": device.name,
            "kind": device.kind,
            "metrics": [
                {"key": key, "unit": unit, "type": kind, **interval}
                for key, unit, kind in device.metrics
            ],
        }
        made = _send(client, f"{API}/devices/", body)
        ids |= {f"{made['slug']}/{metric['key']}": metric["id"] for metric in made["metrics"]}
    for name, days in release.RETENTION_DAYS.items():
        Metric.objects.filter(pk=ids[name]).update(retention_days=days)
    return ids


def _bring_readings(client: APIClient, metrics: dict[str, int]) -> None:
    """Send all readings, seal what is due, then correct some and delete some."""
    for name, kind in release.names():
        _send_readings(client, metrics[name], release.sent(name, kind))
    call_command("seal_history")
    for (name, instant), number in release.CORRECTED.items():
        _send_readings(client, metrics[name], [(instant, number)])
    name, *window = release.DELETED
    start, end = (instant.strftime("%Y-%m-%dT%H:%M:%SZ") for instant in window)
    url = f"{API}/metrics/{metrics[name]}/readings/?start={start}&end={end}"
    deleted = client.delete(url).json()["count"]
    assert deleted == (window[1] - window[0]) // release.STEP


def _send_readings(client: APIClient, metric: int, rows: list[tuple[datetime, float]]) -> None:
    body = {
        "metric": metric,
        "timestamps": [instant.isoformat() for instant, _ in rows],
        "values": [number for _, number in rows],
    }
    assert _send(client, f"{API}/readings/", body)["accepted"] == len(rows)


def _subscribe(client: APIClient, person: release.Person, metrics: dict[str, int]) -> None:
    chosen = [metrics[name] for name in person.metrics]
    _send(client, f"{API}/subscriptions/", {"name": person.subscription, "metrics": chosen})


def _send(client: APIClient, url: str, body: dict[str, object]) -> dict:
    answer = client.post(url, body)
    assert answer.status_code in (200, 201, 202), answer.content
    return answer.json()

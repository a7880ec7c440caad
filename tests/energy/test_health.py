"""Probes: whether the process lives, whether its databases answer."""

import pytest
from django.db import OperationalError, connection


@pytest.fixture
def outage(monkeypatch):
    """Every database is away."""

    def fail(*args, **kwargs):
        raise OperationalError("gone")

    with monkeypatch.context() as patch:
        patch.setattr(connection, "cursor", fail)
        yield


def test_both_pass_without_signing_in(client, db):
    for probe in ("/healthz", "/readyz"):
        response = client.get(probe)
        assert (response.status_code, response.json()) == (200, {"status": "pass"})


def test_the_process_lives_while_its_database_is_away(client, db, outage):
    assert client.get("/healthz").status_code == 200


def test_it_is_not_ready_while_its_database_is_away(client, db, outage):
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response["Content-Type"] == "application/problem+json"
    assert int(response["Retry-After"]) > 0

"""Every error under /api/ is problem details."""

import psycopg
import pytest
from django.core.exceptions import PermissionDenied, SuspiciousOperation, ValidationError
from django.db import (
    DataError,
    IntegrityError,
    InterfaceError,
    InternalError,
    OperationalError,
    connection,
)
from django.db.models import ProtectedError
from django.test import Client
from rest_framework.test import APIClient

from energy.errors import Conflict, TooLarge
from energy.problems import problem_of
from sites.viewsets import SiteViewSet

SITES = "/api/v1/sites/"


def assert_problem(response, status):
    """`response` is problem details of `status`; returns what it says."""
    assert response.status_code == status
    assert response["Content-Type"] == "application/problem+json"
    problem = response.json()
    assert problem.keys() == {"type", "title", "status", "detail", "errors"}
    assert problem["status"] == status
    return problem


@pytest.fixture
def client(api_client_for, technician):
    """An API client signed in as the technician."""
    return api_client_for(technician)


@pytest.mark.parametrize(
    "address",
    [
        "/api/",
        "/api/v1/nothing/",
        "/api/v1/sites",
        "/api/v1/sites/x/",
        "/api/v1/sites/-1/",
        "/api/v2/",
        f"{SITES}1\x00/",
        f"{SITES}{10**30}/",
        f"{SITES}{'9' * 5000}/",
        f"{SITES}{2**63}/",
        f"{SITES}٣/",
    ],
)
def test_an_unknown_address_is_a_404(client, address):
    assert_problem(client.get(address), 404)


@pytest.mark.parametrize("method", ["get", "post", "put", "patch", "delete", "options"])
def test_an_unknown_address_is_a_404_whatever_the_method(db, method):
    assert_problem(getattr(APIClient(), method)("/api/v1/nothing/"), 404)


def test_without_credentials_it_is_a_401_that_names_the_scheme(db):
    response = APIClient().get(SITES)
    assert_problem(response, 401)
    assert response["WWW-Authenticate"] == "Token"


def test_a_method_not_allowed_is_a_405_that_names_the_others(client):
    response = client.delete(SITES)
    assert_problem(response, 405)
    assert response["Allow"] == "GET, HEAD, OPTIONS"


def test_a_media_type_not_offered_is_a_406(client):
    assert_problem(client.get(SITES, HTTP_ACCEPT="text/csv"), 406)


def test_a_body_of_another_media_type_is_a_415(client):
    response = client.post("/api/v1/devices/", "a=b", content_type="text/plain")
    assert_problem(response, 415)


def test_a_body_over_the_limit_is_a_413(client, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100
    response = client.post("/api/v1/devices/", {"notes": "x" * 100})
    assert_problem(response, 413)


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"\xff",
        b"NaN",
        b'{"rated_power": Infinity}',
        b'{"rated_power": 1e400}',
        b'{"name": "\\ud800"}',
        b"[" * 100_000,
        b"{} trailing",
    ],
)
def test_a_body_that_is_not_json_is_a_400(client, body):
    response = client.post("/api/v1/devices/", body, content_type="application/json")
    assert "not JSON" in assert_problem(response, 400)["detail"]


@pytest.mark.parametrize("body", ["[]", "5", "null", '"text"', "true"])
@pytest.mark.parametrize("address", ["auth/login/", "devices/", "metrics/", "subscriptions/"])
def test_a_body_that_is_no_object_is_a_400(client, address, body):
    response = client.post(f"/api/v1/{address}", body, content_type="application/json")
    assert_problem(response, 400)


def test_a_forged_host_is_a_400(db):
    assert_problem(Client(SERVER_NAME="evil.example").get(SITES), 400)


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (OperationalError("gone"), 503),
        (InterfaceError("closed"), 503),
        (IntegrityError("taken"), 409),
        (ProtectedError("kept", set()), 409),
        (DataError("out of range"), 400),
        (Conflict("No", code="last_metric"), 409),
        (TooLarge("No"), 413),
        (PermissionDenied(), 403),
        (SuspiciousOperation(), 400),
        (ValidationError({"name": ["Too long."]}), 400),
    ],
)
def test_what_a_view_raises_becomes_a_problem(client, monkeypatch, error, status):
    def fail(*args):
        raise error

    monkeypatch.setattr(SiteViewSet, "get_queryset", fail)
    response = client.get(SITES)
    assert_problem(response, status)
    assert ("Retry-After" in response) == (status == 503)


@pytest.mark.parametrize(
    "cause",
    [
        psycopg.errors.QueryCanceled(),
        psycopg.errors.LockNotAvailable(),
        psycopg.errors.DeadlockDetected(),
        psycopg.errors.IdleInTransactionSessionTimeout(),
    ],
)
def test_what_takes_the_database_too_long_is_a_503_that_says_so(client, monkeypatch, cause):
    def fail(*args):
        kind = InternalError if isinstance(cause, psycopg.InternalError) else OperationalError
        raise kind("too long") from cause

    monkeypatch.setattr(SiteViewSet, "get_queryset", fail)
    response = client.get(SITES)
    assert "takes too long" in assert_problem(response, 503)["detail"]
    assert int(response["Retry-After"]) > 0


def test_an_unforeseen_failure_is_a_500_that_tells_nothing(technician, monkeypatch):
    def fail(*args):
        raise RuntimeError("secret")

    monkeypatch.setattr(SiteViewSet, "get_queryset", fail)
    client = APIClient(raise_request_exception=False)
    client.force_login(technician)
    response = client.get(SITES)
    assert_problem(response, 500)
    assert b"secret" not in response.content


def test_a_database_away_before_the_view_is_a_503(technician, monkeypatch):
    client = APIClient(raise_request_exception=False)
    client.force_login(technician)

    def fail(*args, **kwargs):
        raise OperationalError("gone")

    with monkeypatch.context() as outage:
        outage.setattr(connection, "cursor", fail)
        response = client.get(SITES)
    assert_problem(response, 503)
    assert int(response["Retry-After"]) > 0


def test_the_path_of_a_nested_error_is_dotted():
    problem = problem_of(ValidationError({"a": ["One.", "Two."], "__all__": ["Whole."]}))
    told = [(error.field, error.message) for error in problem.errors]
    assert told == [("a", "One."), ("a", "Two."), ("", "Whole.")]


def test_the_browsable_api_shows_an_error_as_a_page(client):
    response = client.get(f"{SITES}987654/", HTTP_ACCEPT="text/html")
    assert response.status_code == 404
    assert response["Content-Type"].startswith("text/html")
    assert b"Not found" in response.content


def test_a_lost_page_outside_the_api_stays_a_page(client):
    assert client.get("/nowhere/")["Content-Type"].startswith("text/html")

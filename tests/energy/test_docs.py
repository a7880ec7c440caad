"""The API's description, for programs and for people."""

from pathlib import Path

import pytest
import yaml
from django.conf import settings


@pytest.fixture
def described():
    """The committed description."""
    return yaml.safe_load((Path(settings.BASE_DIR) / "openapi.yaml").read_text())


def operations(described):
    """Every operation by its id."""
    paths = described["paths"].values()
    return {op["operationId"]: op for path in paths for op in path.values()}


def test_the_served_description_is_the_committed_one(client, db, described):
    served = client.get("/api/schema/")
    assert yaml.safe_load(served.content) == described
    assert client.get("/api/schema/?format=json").json() == described
    assert described["openapi"] == "3.1.0"


def test_every_operation_names_the_errors_it_may_answer(described):
    for name, operation in operations(described).items():
        statuses = set(operation["responses"])
        assert {"400", "401", "406", "503"} <= statuses, name
        assert any(status.startswith("2") for status in statuses), name
        if "requestBody" in operation:
            assert {"409", "413", "415"} <= statuses, name
        if any(parameter["in"] == "path" for parameter in operation.get("parameters", ())):
            assert "404" in statuses, name


def test_every_operation_has_a_name_and_says_what_it_does(described):
    for name, operation in operations(described).items():
        assert operation.get("summary") or operation.get("description"), name


def test_every_body_to_send_has_an_example(described):
    for name, operation in operations(described).items():
        if "requestBody" in operation:
            content = operation["requestBody"]["content"]["application/json"]
            assert content.get("examples"), name


@pytest.mark.parametrize("address", ["/api/docs/", "/api/docs/?script=", "/api/redoc/"])
def test_the_viewers_run_no_script_but_the_projects_own(client, db, address):
    response = client.get(address)
    assert response.status_code == 200
    assert "script-src" not in response["Content-Security-Policy"]
    assert "default-src 'self'" in response["Content-Security-Policy"]
    assert b"https://" not in response.content

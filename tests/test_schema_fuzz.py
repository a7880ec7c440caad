"""The API against its own description, with generated requests, signed in as each role.

No request makes the server fail, every answer is one that the schema names and has the shape that
the schema says, and what the schema forbids is refused.
"""

import json
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from django.conf import settings as project
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, transaction
from hypothesis import HealthCheck, settings
from schemathesis import checks

from accounts.models import ApiToken
from energy.wsgi import application
from tests.support.factories import (
    DeviceFactory,
    MetricFactory,
    SiteFactory,
    SubscriptionFactory,
    UserFactory,
)

EXAMPLES = 6
# Generated ids are drawn to these: what is visible, what is foreign, and nothing.
OWN, FOREIGN, UNKNOWN = 1_000_000, 2_000_000, 3_000_000
IDS = (OWN, FOREIGN, OWN, UNKNOWN)
RELATIONS = ("site", "device", "metric", "metrics")

CHECKS = [
    checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
    checks.negative_data_rejection,
    checks.unsupported_method,
]

DETERMINISTIC = settings(
    max_examples=EXAMPLES,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


def described(**phases: dict[str, bool]) -> schemathesis.BaseSchema:
    """The committed schema, to be asked of the application in this process."""
    config = schemathesis.Config.from_dict({"phases": phases})
    path = Path(project.BASE_DIR) / "openapi.yaml"
    loaded = schemathesis.openapi.from_path(path, config=config)
    loaded.app = application
    return loaded


# Walks every keyword of the schema, at about a hundred requests an operation: for one role.
exhaustive = described()
random = described(coverage={"enabled": False})


@schemathesis.serializer("application/x-ndjson")
def lines(context: Any, value: Any) -> bytes:
    """Lines as they are; anything else as the one line that it is in JSON."""
    return (value if isinstance(value, str) else json.dumps(value)).encode("utf-8", "replace")


@schemathesis.hook
def map_path_parameters(context: Any, path_parameters: Any) -> Any:
    """Let an id be that of a row more often than chance would."""
    return {name: _existing(value) for name, value in (path_parameters or {}).items()}


@schemathesis.hook
def map_body(context: Any, body: Any) -> Any:
    """Let the relations in a body name rows."""
    if isinstance(body, dict):
        return {name: _existing(v) if name in RELATIONS else v for name, v in body.items()}
    return body


def _existing(value: Any) -> Any:
    if isinstance(value, list):
        return [_existing(item) for item in value]
    is_id = isinstance(value, int) and not isinstance(value, bool) and value > 0
    return IDS[value % len(IDS)] if is_id else value


def sign_in(role: str) -> dict[str, str]:
    """The headers of a signed-in user of the role, in a small world that is theirs in part."""
    group = role if role in ("standard", "technician") else None
    user = UserFactory(group=group, is_superuser=role == "administrator")
    for pk, users in ((OWN, [user]), (FOREIGN, [])):
        site = SiteFactory(pk=pk, users=users)
        metric = MetricFactory(pk=pk, device=DeviceFactory(pk=pk, site=site))
        owner = user if pk == OWN else UserFactory()
        SubscriptionFactory(pk=pk, owner=owner, metrics=[metric])
    if role == "anonymous":
        return {}
    return {"Authorization": f"Bearer {ApiToken.objects.create(user=user)[1]}"}


@pytest.fixture(autouse=True)
def lasting_connection():
    """Requests share the test's transaction, as those of Django's own test client do."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


def ask(case: schemathesis.Case, headers: dict[str, str]) -> None:
    """Send the request, check the answer, and undo what it did."""
    # With ?partial=true a bad reading is named in a 200, which is no acceptance.
    partial = (case.query or {}).get("partial")
    left_out = [checks.negative_data_rejection] if partial else []
    point = transaction.savepoint()
    try:
        case.call_and_validate(headers=headers, checks=CHECKS, excluded_checks=left_out)
    finally:
        transaction.savepoint_rollback(point)


# A parameter, because without any the tests of all operations would have one name between them.
@pytest.fixture(params=["technician"])
def technician_headers(request, db):
    """A technician's credentials."""
    return sign_in(request.param)


@pytest.fixture(params=["anonymous", "standard", "administrator"])
def headers(request, db):
    """Each other role's credentials, if any."""
    return sign_in(request.param)


@exhaustive.parametrize()
@DETERMINISTIC
def test_every_answer_to_a_technician_is_one_that_the_schema_describes(case, technician_headers):
    ask(case, technician_headers)


@random.parametrize()
@DETERMINISTIC
def test_every_answer_to_other_roles_is_one_that_the_schema_describes(case, headers):
    ask(case, headers)

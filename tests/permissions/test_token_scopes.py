"""Scope of a token × route × verb × own or foreign → status, for every route of the URL conf.

A token of a technician is answered as the matrix says of the technician's session, unless its scope
forbids the request: then the answer is 403, whatever the address would have said. So a route that
is added later needs no row of its own here, and is closed to ingest tokens.
"""

import pytest

from tests.permissions.test_matrix import MATRIX, Key, ask_in_vain
from tests.permissions.world import PERSONAS, World

TECHNICIAN, ANONYMOUS = PERSONAS.index("technician"), PERSONAS.index("anonymous")
SAFE = ("GET", "OPTIONS")
# All that a token may do whose scope is `ingest`.
SENDING_READINGS = {("api:readings", "POST")}
# What is sent by token alone, and answers a session as it does the anonymous.
BY_TOKEN_ALONE = {
    ("influx-write-1", "POST"): 204,
    ("influx-write-2", "POST"): 204,
    ("influx-write-3", "POST"): 204,
    ("influx-query", "GET"): 200,
    ("influx-query", "POST"): 200,
}
# Addresses outside the API's router that know tokens, and one inside that does not.
DESCRIPTIONS = ("schema", "docs", "redoc")
SIGNING_IN = "api:login"


def knows_tokens(route: str) -> bool:
    """Whether a token signs a request to this route in; pages and health checks take none."""
    return route in DESCRIPTIONS or (route.startswith("api:") and route != SIGNING_IN)


def expected(scope: str, key: Key) -> int:
    """The status for a technician's token of this scope."""
    route, _, verb = key
    if (route, verb) in BY_TOKEN_ALONE:
        return 403 if scope == "read" else BY_TOKEN_ALONE[route, verb]
    if not knows_tokens(route):
        return MATRIX[key][ANONYMOUS]
    allowed = {
        "full": True,
        "read": verb in SAFE,
        "ingest": (route, verb) in SENDING_READINGS,
    }[scope]
    return MATRIX[key][TECHNICIAN] if allowed else 403


@pytest.mark.parametrize("route", sorted({route for route, _, _ in MATRIX}))
def test_a_route_answers_a_token_of_each_scope_as_its_scope_allows(db, route):
    world = World()
    wanted = {
        (scope, key): expected(scope, key)
        for key in MATRIX
        for scope in world.secrets
        if key[0] == route
    }
    answered = {
        (scope, key): ask_in_vain(world, "technician", *key, scope=scope) for scope, key in wanted
    }
    assert answered == wanted


def test_what_an_ingest_token_may_do_are_routes_that_there_are():
    sending = SENDING_READINGS | BY_TOKEN_ALONE.keys()
    assert {(route, verb) for route, _, verb in MATRIX} >= sending

"""Persona × route × verb × own or foreign → status, for every route of the URL conf."""

from pathlib import Path

import pytest
from django.db import transaction

from tests.permissions.routes import routes
from tests.permissions.world import FOREIGN, NAMING, OBJECTS, OWN, PERSONAS, World

VERBS = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")

Key = tuple[str, str, str]  # route, whose, verb


def read_matrix() -> dict[Key, list[int]]:
    """Every row of matrix.txt, its verbs taken apart."""
    matrix: dict[Key, list[int]] = {}
    for line in Path(__file__).with_name("matrix.txt").read_text().splitlines():
        if line and not line.startswith("#"):
            route, whose, verbs, *statuses = line.split()
            for verb in VERBS if verbs == "every" else verbs.split(","):
                assert (route, whose, verb) not in matrix, f"a second row: {line}"
                matrix[route, whose, verb] = [int(status) for status in statuses]
    return matrix


MATRIX = read_matrix()


def expected_keys(route: str) -> set[Key]:
    """What the matrix must say about a route."""
    own = {(route, OWN, verb) for verb in VERBS}
    foreign = {verb for verb in VERBS if route in OBJECTS or (route, verb) in NAMING}
    return own | {(route, FOREIGN, verb) for verb in foreign}


def test_the_matrix_has_a_row_for_every_route_verb_and_side_and_no_other():
    assert set(MATRIX) == set().union(*map(expected_keys, routes()))


@pytest.mark.parametrize("route", sorted({route for route, _, _ in MATRIX}))
def test_a_route_answers_each_persona_as_the_matrix_says(db, route):
    world = World()
    rows = {key: row for key, row in MATRIX.items() if key[0] == route}
    answered = {key: [ask_in_vain(world, persona, *key) for persona in PERSONAS] for key in rows}
    assert answered == rows


def ask_in_vain(
    world: World, persona: str, route: str, whose: str, verb: str, scope: str = ""
) -> int:
    """The status of a request whose effects are undone."""
    point = transaction.savepoint()
    status = world.ask(route, verb, persona, whose, scope)
    transaction.savepoint_rollback(point)
    return status

"""The browsable API: every address opens, and offers only what its user may do."""

import pytest
from django.urls import reverse
from rest_framework.test import APIClient

from tests.permissions.routes import routes
from tests.permissions.test_matrix import MATRIX
from tests.permissions.world import OWN, PERSONAS, World

# An export is a file and a stream has no end: neither is a page.
ADDRESSES = sorted(
    name
    for name in routes()
    if name.startswith("api:") and not name.endswith(("-export", "-stream"))
)


@pytest.mark.parametrize("route", ADDRESSES)
def test_an_address_answers_a_browser_as_it_answers_a_program(db, route):
    world = World()
    for persona, expected in zip(PERSONAS, MATRIX[route, OWN, "GET"], strict=True):
        client = APIClient()
        client.cookies = world.cookies[persona].copy()
        address = world.address(route, persona, OWN)
        response = client.get(address, HTTP_ACCEPT="text/html")
        assert response.status_code == expected
        assert response["Content-Type"].startswith("text/html")


@pytest.mark.parametrize(
    ("persona", "offered"), [("standard", False), ("technician", True), ("administrator", True)]
)
@pytest.mark.parametrize("route", ["api:device-list", "api:device-detail", "api:metric-detail"])
def test_the_form_to_change_something_is_there_for_those_who_may(db, route, persona, offered):
    world = World()
    client = APIClient()
    client.cookies = world.cookies[persona].copy()
    address = reverse(route, args=world.arguments(route, persona, OWN))
    page = client.get(address, HTTP_ACCEPT="text/html").content
    assert (b'name="_content"' in page) == offered

"""No text in any path, query or cookie makes the server fail: every route with hostile values."""

import re
from collections.abc import Iterator
from http.cookies import SimpleCookie
from typing import Any

import pytest
import yaml
from django.conf import settings
from django.contrib import admin
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from tests.permissions.world import OWN, World

# As they stand in an address: NUL, a number that no column holds, bytes that are not UTF-8, the end
# of a line, something long, and nothing.
VALUES = ("%00", "9" * 30, "%ff%fe", "a%0d%0ab", "x" * 5_000, "")
# What pages take; `tests/permissions/test_page_input.py` asks them for one at a time.
OF_PAGES = (
    "aggregate", "end", "find", "kind", "metric", "metrics", "name", "next", "nonsense", "ordering",
    "page", "period", "range", "resolution", "search", "site", "start", "status", "time_zone",
)  # fmt: skip
# What lists of Django's admin take, beside their filters.
OF_LISTS = (
    "_changelist_filters", "_popup", "_to_field", "all", "e", "id__exact", "id__in", "nonsense",
    "nonsense__exact", "o", "p", "pk__lt", "q",
)  # fmt: skip
COOKIES = ("sessionid", "csrftoken", "messages", "known-browser")
_PART = re.compile(r"<(?:(\w+):)?(\w+)>|\(\?P<(\w+)>[^()]*\)")


def addresses() -> list[str]:
    """Every route as a path, `{}` standing for whatever it takes."""
    return sorted({"/" + path for path in _paths(get_resolver(), "")})


def _paths(resolver: URLResolver, before: str) -> Iterator[str]:
    for entry in resolver.url_patterns:
        route = before + _PART.sub("{}", str(entry.pattern)).replace("^", "").replace("$", "")
        if isinstance(entry, URLPattern):
            yield route.replace("\\Z", "")
        else:
            yield from _paths(entry, route)


@pytest.fixture
def world(db: None) -> World:
    """Five personas and what they see."""
    return World()


@pytest.fixture
def browser(world: World) -> Client:
    """Signed in as the administrator, who is let in everywhere; failures become answers."""
    world.users["administrator"].is_staff = True
    world.users["administrator"].save()
    client = Client(raise_request_exception=False)
    client.cookies = world.cookies["administrator"].copy()
    return client


def status(client: Client, address: str) -> int:
    """The status of a request whose effects, on the transaction too, are undone."""
    point = transaction.savepoint()
    answer: Any = client.get(address)
    if answer.streaming:
        b"".join(answer.streaming_content)
    transaction.savepoint_rollback(point)
    return int(answer.status_code)


def real(address: str, world: World) -> str:
    """The address with what exists in its place."""
    side = world.sides[OWN]
    owned = world.subscriptions[world.users["administrator"]]
    rows = {"site": side.site, "device": side.device, "metric": side.metric, "subscr": owned}
    kind = next((name for name in rows if f"/{name}" in address), None)
    row = rows[kind] if kind else world.users["administrator"]
    return address.replace("{}", str(row.pk))


def queries(address: str) -> Iterator[str]:
    """Query strings with one hostile value: each for one parameter, or a page's for all at once."""
    if address.startswith("/admin/"):
        single, together = names_in_the_admin(address), ()
    else:
        single = described(address)
        together = () if address.startswith("/api/") else OF_PAGES
    for value in VALUES:
        yield from (f"{name}={value}" for name in single)
        if together:
            yield "&".join(f"{name}={value}" for name in together)


def described(address: str) -> list[str]:
    """The query parameters that the API's description gives the address, and some it does not."""
    paths: Any = yaml.safe_load((settings.BASE_DIR / "openapi.yaml").read_text())["paths"]
    described = paths.get(address.replace("{}", "{id}"), {}).get("get", {}).get("parameters", [])
    named = [parameter["name"] for parameter in described if parameter["in"] == "query"]
    return [*named, "format", "nonsense", "version", "lang"]


def names_in_the_admin(address: str) -> list[str]:
    """The parameters of a page of the admin; of a list also those of its filters."""
    named = ["nonsense", "next", "_popup", "_to_field", "term", "app_label", "model_name"]
    for model, model_admin in admin.site._registry.items():
        if address == f"/admin/{model._meta.app_label}/{model._meta.model_name}/":
            filters = [entry for entry in model_admin.list_filter if isinstance(entry, str)]
            lookups = [f"{name}__{by}" for name in filters for by in ("exact", "id__exact", "gte")]
            return [*OF_LISTS, *filters, *lookups]
    return named


@pytest.mark.parametrize("address", [path for path in addresses() if "{}" in path])
def test_no_path_makes_the_server_fail(browser: Client, address: str) -> None:
    statuses = {value: status(browser, address.replace("{}", value)) for value in VALUES if value}

    assert {value[:9]: code for value, code in statuses.items() if code >= 500} == {}


@pytest.mark.parametrize("address", addresses())
def test_no_query_makes_the_server_fail(browser: Client, world: World, address: str) -> None:
    path = real(address, world)
    failed = {query[:40] for query in queries(address) if status(browser, f"{path}?{query}") >= 500}

    assert failed == set()


@pytest.mark.parametrize("name", COOKIES)
def test_no_cookie_makes_the_server_fail(world: World, name: str) -> None:
    failed = set()
    for value in ("abcdefgh\x00", "\x00", "9" * 3_000, "é", "", "a:b:c"):
        for address in ("/sites/", "/api/v1/sites/", "/login/", "/admin/", "/api/nowhere/"):
            client = Client(raise_request_exception=False)
            client.cookies = SimpleCookie(world.cookies["technician"])
            client.cookies[name] = value
            if status(client, address) >= 500:
                failed.add((value[:9], address))

    assert failed == set()

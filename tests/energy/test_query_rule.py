"""One rule for what a query string asks that cannot be: no list ignores it, on pages or in the API.

The API answers 400, and 404 to a page past the end, and names the field. A page answers 400, says
what is wrong, and shows itself as it is without.
"""

import re

import pytest
from django.test import Client
from django.urls import get_resolver, reverse
from rest_framework.test import APIClient

from energy.api import router
from energy.pages import FilteredListView
from tests.permissions.world import OWN, World

API_LISTS = {f"api:{name}-list": viewset for _, viewset, name in router.registry}
HISTORIES = ["device-detail", "metric-detail", "subscription-detail"]


def page_lists(entries):
    """The views of all pages that list something, by the names of their routes."""
    views = {}
    for entry in entries:
        views |= page_lists(getattr(entry, "url_patterns", []))
        view = getattr(entry.callback, "view_class", None)
        if getattr(view, "paginate_by", None):
            views[entry.name] = view
    return views


PAGE_LISTS = page_lists(get_resolver().url_patterns)
del PAGE_LISTS["discovered-accept"]  # It leads back to the list.
FILTERED = {name: view for name, view in PAGE_LISTS.items() if issubclass(view, FilteredListView)}


@pytest.fixture
def world(db):
    return World()


@pytest.fixture
def ask(world):
    """Asks as the technician; returns the answer."""

    def ask(route, query):
        client = APIClient() if route.startswith("api:") else Client()
        client.cookies = world.cookies["technician"].copy()
        arguments = world.arguments(route, "technician", OWN)
        return client.get(f"{reverse(route, args=arguments)}?{query}")

    return ask


def refused_by_name(answer, status, name):
    assert answer.status_code == status
    assert answer["Content-Type"] == "application/problem+json"
    errors = answer.json()["errors"]
    assert [error["field"] for error in errors] == [name]
    assert errors[0]["message"]


def alerts(answer):
    """What the page says is wrong, besides being a page."""
    assert answer.status_code == 400
    page = answer.content.decode()
    assert page.count("<h1") == 1
    said = re.findall(r'<div class="flash error" role="alert">(.*?)</div>', page, re.DOTALL)
    assert said
    return " ".join(said)


def test_all_lists_are_there():
    assert len(API_LISTS) >= 5
    assert {"site-list", "site-detail", "device-list", "subscription-list", "change-list"} <= (
        FILTERED.keys()
    )
    assert {"discovered-list", "alias-list", "import-list"} <= FILTERED.keys()
    assert {"token-list", "import-detail"} <= PAGE_LISTS.keys()


@pytest.mark.parametrize("route", API_LISTS)
class TestApi:
    def test_an_unknown_parameter(self, ask, route):
        refused_by_name(ask(route, "sort=zz"), 400, "sort")

    def test_a_page_past_the_end(self, ask, route):
        refused_by_name(ask(route, "page=99"), 404, "page")

    @pytest.mark.parametrize("name", ["page", "page_size", "ordering"])
    def test_what_is_no_page_and_no_order(self, ask, route, name):
        refused_by_name(ask(route, f"{name}=zz"), 400, name)

    def test_every_filter_that_has_wrong_values(self, ask, route):
        for name in choosing(API_LISTS[route].filterset_class):
            refused_by_name(ask(route, f"{name}=zz"), 400, name)

    def test_a_text_that_nothing_can_contain(self, ask, route):
        refused_by_name(ask(route, f"search={'x' * 201}"), 400, "search")


def choosing(filterset):
    """The filters of which not every text is a value."""
    texts = {"search", "name", "key", "unit", "source", "device_name"}
    return sorted(filterset.base_filters.keys() - texts)


@pytest.mark.parametrize("route", PAGE_LISTS)
class TestPages:
    def test_an_unknown_parameter(self, ask, route):
        assert "There is no “sort” here." in alerts(ask(route, "sort=zz"))

    @pytest.mark.parametrize("value", ["99", "0", "-1", "zz", "", "last"])
    def test_a_page_that_is_not_there(self, ask, route, value):
        assert f"There is no page “{value}”: there is one." in alerts(ask(route, f"page={value}"))

    def test_a_parameter_given_twice(self, ask, route):
        assert "Give “page” once." in alerts(ask(route, "page=1&page=1"))

    def test_what_is_right_is_shown_without_a_word(self, ask, route):
        assert "flash error" not in ask(route, "page=1").content.decode()


@pytest.mark.parametrize("route", FILTERED)
def test_every_filter_of_a_page_that_has_wrong_values(ask, route):
    for name in choosing(FILTERED[route].filterset_class):
        assert alerts(ask(route, f"{name}=zz"))


@pytest.mark.parametrize("route", HISTORIES)
class TestHistories:
    def test_an_unknown_parameter(self, ask, route):
        assert "There is no “sort” here." in alerts(ask(route, "sort=zz"))

    @pytest.mark.parametrize("value", ["99", "zz"])
    def test_a_page_of_the_table_that_is_not_there(self, ask, route, value):
        assert f"There is no page “{value}”" in alerts(ask(route, f"page={value}"))

    @pytest.mark.parametrize("name", ["range", "start", "resolution", "aggregate", "time_zone"])
    def test_a_wrong_value(self, ask, route, name):
        assert ask(route, f"{name}=zz").status_code == 400


def test_a_wrong_period_of_a_site(ask):
    answer = ask("site-detail", "period=zz")
    assert answer.status_code == 400
    assert "Either now, today" in answer.content.decode()


def test_a_metric_that_a_device_does_not_have_is_said_and_another_shown(ask):
    answer = ask("device-detail", "metric=zz")
    assert "has no such metric" in alerts(answer)
    assert answer.context["shown"].key == "active_power"


def test_of_many_faults_a_few_are_told_and_each_in_short(ask):
    query = "&".join(f"{'x' * 500}{number}=1" for number in range(50))
    said = alerts(ask("site-list", query))
    assert said.count("There is no") == 5
    assert "x" * 41 not in said


def test_the_rows_are_shown_beside_the_fault(ask, world):
    for query in ("sort=zz", "page=99"):
        answer = ask("site-list", query)
        assert [site.name for site in answer.context["object_list"]] == ["Own"]

"""Where SECOND_FACTOR_REQUIRED is set, staff and technicians set one up before anything else."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from accounts.models import ApiToken, User
from tests.support.codes import code_of, set_up
from tests.support.factories import PASSWORD, UserFactory

PAGE = "/account/two-factor/"
LOGIN = "/api/v1/auth/login/"
ClientFor = Callable[[User | None], Client]


@pytest.fixture(autouse=True)
def required(settings: Any) -> None:
    settings.SECOND_FACTOR_REQUIRED = True


@pytest.fixture
def staff(db: None) -> User:
    return UserFactory(username="stella", is_staff=True)


@pytest.mark.parametrize("persona", ["technician", "staff", "administrator"])
def test_every_page_leads_to_where_it_is_set_up(
    request: pytest.FixtureRequest, client_for: ClientFor, site: Any, persona: str
) -> None:
    client = client_for(request.getfixturevalue(persona))
    for page in (
        "/",
        "/sites/",
        f"/sites/{site.pk}/",
        "/account/",
        "/account/tokens/add/",
        "/admin/",
        "/admin/sites/site/",
        "/admin/jsi18n/",
        "/account/password/",
    ):
        answer = client.get(page)
        assert answer.status_code == 302
        assert answer.url == f"{PAGE}?next={page.replace('/', '%2F')}"
    assert client.post("/account/tokens/add/", {"name": "Mine", "days": 30}).url == PAGE
    assert not ApiToken.objects.exists()


def test_setting_it_up_leads_on_to_the_page_asked_for(
    client_for: ClientFor, technician: User
) -> None:
    client = client_for(technician)
    first = client.get("/devices/", follow=True)
    assert first.status_code == 200
    assert "Your role needs a second factor" in first.content.decode()
    form = {
        "code": code_of(first.context["secret"]),
        "password": PASSWORD,
        "next": first.context["next"],
    }
    answer = client.post(PAGE, form)
    assert answer.context["after"] == "/devices/"
    assert client.get("/devices/").status_code == 200


def test_what_they_may_do_before_is_to_sign_out_and_choose_colours(
    client_for: ClientFor, technician: User
) -> None:
    client = client_for(technician)
    assert client.post("/account/theme/", {"theme": "dark", "next": PAGE}).url == PAGE
    assert client.get("/healthz").status_code == 200
    assert client.post("/logout/").url == "/login/"


def test_their_session_opens_nothing_of_the_api(
    api_client_for: Callable[[User], APIClient], technician: User, device: Any
) -> None:
    client = api_client_for(technician)
    for answer in (
        client.get("/api/v1/me/"),
        client.get("/api/v1/sites/", HTTP_AUTHORIZATION="Basic dDp0"),
        client.patch(f"/api/v1/devices/{device.pk}/", {"notes": "x"}),
    ):
        assert answer.status_code == 403
        (error,) = answer.json()["errors"]
        assert error["code"] == "second_factor_required"
        assert f"http://testserver{PAGE}" in error["message"]
    page = client.get("/api/v1/sites/", HTTP_ACCEPT="text/html")
    assert page.status_code == 403
    assert client.get("/api/docs/").status_code == 403


def test_their_password_gives_no_token_but_says_what_to_do(technician: User) -> None:
    answer = APIClient().post(LOGIN, {"username": "tess", "password": PASSWORD})
    assert answer.status_code == 403
    (error,) = answer.json()["errors"]
    assert error["code"] == "second_factor_required"
    assert f"http://testserver{PAGE}" in error["message"]
    assert not ApiToken.objects.exists()
    wrong = APIClient().post(LOGIN, {"username": "tess", "password": "wrong"})
    assert wrong.status_code == 401


def test_a_token_from_before_goes_on(technician: User) -> None:
    _, key = ApiToken.objects.create(user=technician)
    client = APIClient(headers={"Authorization": f"Token {key}"})
    assert client.get("/api/v1/me/").status_code == 200


def test_whoever_has_one_goes_in(client_for: ClientFor, technician: User) -> None:
    secret, _ = set_up(technician)
    assert client_for(technician).get("/sites/").status_code == 200
    body = {"username": "tess", "password": PASSWORD, "otp": code_of(secret)}
    assert APIClient().post(LOGIN, body).status_code == 200


def test_it_is_not_asked_of_others(client_for: ClientFor, standard: User, outsider: User) -> None:
    for user in (standard, outsider):
        assert client_for(user).get("/sites/").status_code == 200
    body = {"username": "stan", "password": PASSWORD}
    assert APIClient().post(LOGIN, body).status_code == 200


def test_turning_it_off_leads_back_to_setting_it_up(
    client_for: ClientFor, technician: User
) -> None:
    set_up(technician)
    client = client_for(technician)
    client.post(f"{PAGE}off/", {"password": PASSWORD})
    assert client.get("/sites/").url == f"{PAGE}?next=%2Fsites%2F"


def test_it_takes_no_query_of_whoever_has_one(
    client_for: ClientFor, technician: User, settings: Any
) -> None:
    set_up(technician)
    client = client_for(technician)
    counts = []
    for settings.SECOND_FACTOR_REQUIRED in (True, False):
        with CaptureQueriesContext(connection) as queries:
            assert client.get("/account/tokens/").status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1]

"""The second factor and the API: sign-in by password asks for it, tokens go on as they are."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from rest_framework.test import APIClient

from accounts.models import ApiToken, User
from tests.support.codes import code_of, set_up
from tests.support.factories import PASSWORD

LOGIN = "/api/v1/auth/login/"
ME = "/api/v1/me/"


@pytest.fixture
def secured(technician: User) -> tuple[str, list[str]]:
    """The secret and the recovery codes of the technician, who has a second factor."""
    return set_up(technician)


def sign_in(**more: Any) -> Any:
    return APIClient().post(LOGIN, {"username": "tess", "password": PASSWORD, **more})


def errors(answer: Any) -> list[tuple[str, str]]:
    return [(error["field"], error["code"]) for error in answer.json()["errors"]]


def test_without_a_code_the_answer_says_that_one_is_wanted(secured: Any) -> None:
    answer = sign_in()
    assert answer.status_code == 401
    assert answer["Content-Type"] == "application/problem+json"
    assert errors(answer) == [("otp", "otp_required")]
    assert not ApiToken.objects.exists()


def test_a_code_of_the_app_or_a_recovery_code_gives_a_token_once(
    secured: tuple[str, list[str]],
) -> None:
    for code in (code_of(secured[0]), secured[1][0]):
        token = sign_in(otp=code).json()["token"]
        assert APIClient(headers={"Authorization": f"Token {token}"}).get(ME).status_code == 200
        again = sign_in(otp=code)
        assert again.status_code == 401
        assert errors(again) == [("otp", "otp_wrong")]


def test_a_wrong_password_is_answered_as_ever_and_uses_up_no_code(
    secured: tuple[str, list[str]],
) -> None:
    code = code_of(secured[0])
    with_code = sign_in(password="wrong", otp=code)
    assert with_code.status_code == 401
    assert with_code.content == sign_in(password="wrong").content
    assert with_code.json()["errors"] == []
    assert sign_in(otp=code).status_code == 200


def test_wrong_codes_count_as_failures_to_sign_in(secured: tuple[str, list[str]]) -> None:
    for _ in range(5):
        assert sign_in(otp="000000").status_code == 401
    answer = sign_in(otp=code_of(secured[0]))
    assert answer.status_code == 429
    assert int(answer["Retry-After"]) == 1
    assert Client().post("/login/", {"username": "tess", "password": PASSWORD}).status_code == 429


def test_asking_without_a_code_is_no_failure(secured: tuple[str, list[str]]) -> None:
    for _ in range(7):
        assert sign_in().status_code == 401
    assert sign_in(otp=code_of(secured[0])).status_code == 200


def test_whoever_has_none_signs_in_as_ever(technician: User) -> None:
    assert sign_in().status_code == 200
    assert sign_in(otp="123456").status_code == 200


@pytest.mark.parametrize("otp", [None, 5, True, [], {}, "", "a\x00b", "x" * 33])
def test_a_code_that_is_none_is_refused_by_name(secured: Any, otp: Any) -> None:
    answer = sign_in(otp=otp)
    assert answer.status_code == 400
    assert [field for field, _ in errors(answer)] == ["otp"]


def test_a_token_from_before_goes_on(technician: User) -> None:
    _, key = ApiToken.objects.create(user=technician)
    set_up(technician)
    assert APIClient(headers={"Authorization": f"Token {key}"}).get(ME).status_code == 200


def test_a_session_that_showed_no_code_makes_no_token(
    client_for: Callable[[User], Client], technician: User
) -> None:
    before = client_for(technician)
    set_up(technician)
    halfway = Client()
    halfway.post("/login/", {"username": "tess", "password": PASSWORD})
    for client in (before, halfway):
        answer = client.post("/account/tokens/add/", {"name": "Mine", "days": 30})
        assert answer.url == "/login/?next=/account/tokens/add/"
    assert not ApiToken.objects.exists()

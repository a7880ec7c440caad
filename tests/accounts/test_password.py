"""Changing a password, and what ends with it."""

import pytest
from django.core.management import call_command
from django.test import Client
from rest_framework.test import APIClient

from accounts.models import ApiToken
from tests.support.admin import told
from tests.support.factories import PASSWORD

URL = "/account/password/"
NEW = "a quite different phrase 42"
FORM = {"old_password": PASSWORD, "new_password1": NEW, "new_password2": NEW}


@pytest.fixture
def token(technician):
    """The secret of a token of the technician."""
    return ApiToken.objects.create(user=technician)[1]


def with_token(secret: str) -> int:
    """The status of a request with a token."""
    return APIClient(headers={"Authorization": f"Token {secret}"}).get("/api/v1/me/").status_code


def can_sign_in(password: str) -> bool:
    """Whether the technician can sign in with it."""
    form = {"username": "tess", "password": password}
    return Client(REMOTE_ADDR="192.0.2.9").post("/login/", form).status_code == 302


def is_signed_in(client: Client) -> bool:
    """Whether the client's session still holds."""
    return client.get("/account/").status_code == 200


def test_the_account_page_leads_to_it(client_for, technician):
    assert f'href="{URL}"' in client_for(technician).get("/account/").content.decode()


def test_everybody_can_change_their_own_password(client_for, outsider):
    answer = client_for(outsider).post(URL, FORM, follow=True)

    assert answer.redirect_chain == [("/account/", 302)]
    assert told(answer) == ["Your password was changed. All other sign-ins have ended."]
    outsider.refresh_from_db()
    assert outsider.check_password(NEW)


def test_it_ends_every_session_but_the_one_it_was_changed_in(client_for, technician, token):
    here, elsewhere = client_for(technician), client_for(technician)

    here.post(URL, FORM)

    assert is_signed_in(here)
    assert not is_signed_in(elsewhere)
    assert can_sign_in(NEW)
    assert not can_sign_in(PASSWORD)
    assert with_token(token) == 401


def test_tokens_are_kept_by_choice(client_for, technician, token):
    answer = client_for(technician).post(URL, {**FORM, "keep_tokens": "on"}, follow=True)

    assert told(answer) == ["Your password was changed. Your API tokens still work."]
    assert with_token(token) == 200


def test_other_peoples_tokens_are_not_touched(client_for, standard, token):
    client_for(standard).post(URL, FORM)

    assert with_token(token) == 200


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("old_password", "wrong", "Your old password was entered incorrectly"),
        ("old_password", "", "This field is required"),
        ("old_password", "a\x00b", "Null characters are not allowed"),
        ("new_password2", "another phrase 42", "The two password fields"),
        ("new_password1", "", "This field is required"),
    ],
)
def test_what_is_wrong_is_told_and_nothing_is_changed(
    client_for, technician, token, field, value, reason
):
    client = client_for(technician)

    page = client.post(URL, {**FORM, field: value}).content.decode()

    assert reason in page
    assert PASSWORD not in page
    assert NEW not in page
    assert is_signed_in(client)
    assert can_sign_in(PASSWORD)
    assert with_token(token) == 200


@pytest.mark.parametrize("weak", ["tess", "password", "20262026", "short"])
def test_a_weak_password_is_refused(client_for, technician, weak):
    page = client_for(technician).post(URL, {**FORM, "new_password1": weak, "new_password2": weak})

    assert "new_password2" in page.context["form"].errors


def test_guessing_the_old_password_is_slowed_down_with_signing_in(client_for, technician, settings):
    settings.LOGIN_RATE = "3/min"
    client = client_for(technician)
    for _ in range(3):
        client.post(URL, {**FORM, "old_password": "wrong"})

    answer = client.post(URL, FORM)

    assert answer.status_code == 429
    assert int(answer["Retry-After"]) > 0
    assert "Too many attempts" in answer.content.decode()
    assert Client().post("/login/", {"username": "tess", "password": PASSWORD}).status_code == 429
    technician.refresh_from_db()
    assert technician.check_password(PASSWORD)


def test_a_password_set_by_staff_ends_all_sign_ins(client_for, administrator, technician, token):
    session, admin = client_for(technician), client_for(administrator)
    form = {"usable_password": "true", "password1": NEW, "password2": NEW}

    answer = admin.post(f"/admin/accounts/user/{technician.pk}/password/", form)

    assert answer.status_code == 302
    assert can_sign_in(NEW)
    assert not is_signed_in(session)
    assert is_signed_in(admin)
    assert with_token(token) == 401


def test_a_password_taken_away_by_staff_ends_all_sign_ins(
    client_for, administrator, technician, token
):
    session = client_for(technician)

    client_for(administrator).post(
        f"/admin/accounts/user/{technician.pk}/password/",
        {"usable_password": "false", "unset-password": "on"},
    )

    technician.refresh_from_db()
    assert not technician.has_usable_password()
    assert not is_signed_in(session)
    assert with_token(token) == 401


def test_a_password_set_on_the_command_line_ends_all_sign_ins(
    client_for, technician, token, monkeypatch
):
    session = client_for(technician)
    monkeypatch.setattr("getpass.getpass", lambda prompt: NEW)

    call_command("changepassword", "tess")

    assert can_sign_in(NEW)
    assert not is_signed_in(session)
    assert with_token(token) == 401


def test_a_hash_that_is_made_anew_at_sign_in_ends_no_token(technician, token, settings):
    settings.PASSWORD_HASHERS = [
        "django.contrib.auth.hashers.PBKDF2PasswordHasher",
        *settings.PASSWORD_HASHERS,
    ]
    before = technician.password

    assert can_sign_in(PASSWORD)

    technician.refresh_from_db()
    assert technician.password != before
    assert with_token(token) == 200


def test_saving_anything_else_of_a_user_ends_no_token(technician, token):
    technician.theme = "dark"
    technician.save()

    assert with_token(token) == 200

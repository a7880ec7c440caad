"""Sign-in over HTTP."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import ApiToken
from accounts.tasks import delete_expired_tokens
from sites.models import SiteAssignment
from tests.support.factories import PASSWORD

LOGIN = "/api/v1/auth/login/"
LOGOUT = "/api/v1/auth/logout/"
LOGOUT_ALL = "/api/v1/auth/logoutall/"
ME = "/api/v1/me/"


def sign_in(user):
    """An API client that holds a new token of `user`."""
    answer = APIClient().post(LOGIN, {"username": user.username, "password": PASSWORD})
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Token {answer.json()['token']}")
    return client


def test_a_user_trades_name_and_password_for_an_expiring_token(technician):
    answer = APIClient().post(LOGIN, {"username": "tess", "password": PASSWORD})
    assert answer.status_code == 200
    assert answer.json().keys() == {"token", "expiry"}
    assert ApiToken.objects.get().user == technician


@pytest.mark.parametrize("scheme", ["Token", "Bearer", "bearer"])
def test_a_token_is_accepted_by_either_name(technician, scheme):
    _, key = ApiToken.objects.create(user=technician)
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"{scheme} {key}")
    assert client.get(ME).json()["username"] == "tess"


def test_a_token_needs_no_csrf_token(technician, device):
    _, key = ApiToken.objects.create(user=technician)
    client = APIClient(enforce_csrf_checks=True)
    client.credentials(HTTP_AUTHORIZATION=f"Token {key}")
    address = f"/api/v1/devices/{device.pk}/"
    assert client.patch(address, {"notes": "by token"}).status_code == 200


def test_a_session_without_the_csrf_token_may_only_read(technician, device):
    client = APIClient(enforce_csrf_checks=True)
    client.force_login(technician)
    address = f"/api/v1/devices/{device.pk}/"
    assert client.get(address).status_code == 200
    refused = client.patch(address, {"notes": "forged"})
    assert refused.status_code == 403
    assert refused["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("username", "password"),
    [("tess", "wrong"), ("nobody", PASSWORD), ("TESS", PASSWORD), ("tess", f" {PASSWORD}")],
)
def test_wrong_credentials_are_a_401(technician, username, password):
    answer = APIClient().post(LOGIN, {"username": username, "password": password})
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"]


def test_a_deactivated_user_is_answered_as_a_wrong_password(technician):
    wrong = APIClient().post(LOGIN, {"username": "tess", "password": "wrong"})
    technician.is_active = False
    technician.save()
    answer = APIClient().post(LOGIN, {"username": "tess", "password": PASSWORD})
    assert (answer.status_code, answer.content) == (401, wrong.content)


def test_a_token_of_a_user_deactivated_later_is_worth_nothing(technician):
    client = sign_in(technician)
    technician.is_active = False
    technician.save()
    assert client.get(ME).status_code == 401


def test_a_token_expires(technician):
    client = sign_in(technician)
    with time_machine.travel(timezone.now() + timedelta(days=400)):
        assert client.get(ME).status_code == 401


def test_a_token_expires_in_the_middle_of_its_use(technician):
    client = sign_in(technician)
    ApiToken.objects.update(expiry=timezone.now() + timedelta(seconds=30))
    assert client.get(ME).status_code == 200
    with time_machine.travel(timezone.now() + timedelta(seconds=31)):
        assert client.get(ME).status_code == 401


def test_the_worker_deletes_tokens_that_have_expired(technician):
    client = sign_in(technician)
    expired, _ = ApiToken.objects.create(user=technician, expiry=timedelta(seconds=-1))
    delete_expired_tokens.call_local()
    assert not ApiToken.objects.filter(pk=expired.pk).exists()
    assert client.get(ME).status_code == 200


def test_too_many_attempts_are_told_when_to_come_back(technician):
    for _ in range(20):
        APIClient().post(LOGIN, {"username": "tess", "password": "wrong"})
    answer = APIClient().post(LOGIN, {"username": "tess", "password": PASSWORD})
    assert answer.status_code == 429
    assert int(answer["Retry-After"]) > 0
    assert answer["Content-Type"] == "application/problem+json"


def test_a_forged_forwarding_address_gives_no_new_attempts(technician):
    body = {"username": "tess", "password": PASSWORD}
    for index in range(20):
        APIClient().post(LOGIN, body, HTTP_X_FORWARDED_FOR=f"10.0.0.{index}")
    assert APIClient().post(LOGIN, body, HTTP_X_FORWARDED_FOR="10.1.1.1").status_code == 429


def test_sign_out_revokes_the_token_used_and_no_other(technician):
    one, other = sign_in(technician), sign_in(technician)
    assert one.post(LOGOUT).status_code == 204
    assert one.get(ME).status_code == 401
    assert other.get(ME).status_code == 200


def test_sign_out_ends_a_session(api_client_for, technician):
    client = api_client_for(technician)
    assert client.post(LOGOUT).status_code == 204
    assert client.get(ME).status_code == 401


def test_sign_out_everywhere_revokes_every_token_of_the_user(technician, standard):
    one, other, third = sign_in(technician), sign_in(technician), sign_in(standard)
    assert one.post(LOGOUT_ALL).status_code == 204
    assert other.get(ME).status_code == 401
    assert third.get(ME).status_code == 200


@pytest.mark.parametrize(
    ("persona", "role"),
    [
        ("standard", "standard"),
        ("technician", "technician"),
        ("outsider", "standard"),
        ("administrator", "admin"),
    ],
)
def test_me_names_the_role_and_the_sites(request, api_client_for, site, persona, role):
    user = request.getfixturevalue(persona)
    assert api_client_for(user).get(ME).json() == {
        "id": user.pk,
        "username": user.username,
        "role": role,
        "time_zone": "UTC",
        "sites": [] if persona == "outsider" else [site.pk],
    }


def test_a_user_in_no_group_sees_their_sites_as_standard(api_client_for, outsider, site, device):
    SiteAssignment.objects.create(user=outsider, site=site)
    client = api_client_for(outsider)
    address = f"/api/v1/devices/{device.pk}/"
    assert client.get(address).status_code == 200
    assert client.patch(address, {"notes": "mine"}).status_code == 403
    body = {"site": site.pk, "name": "New", "kind": "battery"}
    assert client.post("/api/v1/devices/", body).status_code == 403


@pytest.mark.parametrize("key", ["", "x", "a b", "ü", "x" * 10_000, "\x00"])
def test_a_token_that_is_none_is_a_401(db, key):
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Token {key}")
    answer = client.get(ME)
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"]


@pytest.mark.parametrize("field", ["username", "password"])
@pytest.mark.parametrize("value", [None, 5, True, [], {}, "", "a\x00b", "x" * 5000])
def test_credentials_that_are_none_are_refused_by_name(db, field, value):
    body = {"username": "tess", "password": PASSWORD, field: value}
    answer = APIClient().post(LOGIN, body)
    assert answer.status_code == 400
    assert [error["field"] for error in answer.json()["errors"]] == [field]

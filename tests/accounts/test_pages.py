"""Signing in, the account page and its API tokens, as people use them."""

import pytest
from django.urls import reverse

from accounts.models import ApiToken, User
from tests.support.factories import PASSWORD

SIGN_IN = {"username": "tess", "password": PASSWORD}


def test_the_root_leads_to_the_sites_and_those_to_sign_in(client):
    assert client.get("/").url == "/sites/"
    assert client.get("/sites/").url == "/login/?next=/sites/"


def test_signing_in_leads_to_the_page_asked_for(client, technician):
    response = client.post("/login/?next=/devices/", {**SIGN_IN, "next": "/devices/"})

    assert response.url == "/devices/"


def test_the_page_asked_for_is_kept_through_a_mistake(client, technician):
    response = client.post("/login/", {**SIGN_IN, "password": "wrong", "next": "/devices/"})

    assert 'name="next" value="/devices/"' in response.content.decode()


@pytest.mark.parametrize(
    "away", ["https://evil.example/", "//evil.example/", "javascript:alert(1)"]
)
def test_signing_in_never_leads_to_another_site(client, technician, away):
    assert client.post("/login/", {**SIGN_IN, "next": away}).url == "/sites/"


@pytest.mark.parametrize(
    "wrong", [{"username": "nobody"}, {"password": "wrong"}, {"username": "", "password": "x"}]
)
def test_one_error_says_nothing_of_which_part_was_wrong(client, technician, wrong):
    page = client.post("/login/", SIGN_IN | wrong).content.decode()

    assert "/logout/" not in page
    if wrong.get("username") != "":
        assert "Username or password is wrong." in page


def test_too_many_attempts_are_told_for_how_long_to_wait(client, technician, settings):
    settings.LOGIN_RATE = "2/min"
    for _ in range(2):
        client.post("/login/", SIGN_IN | {"password": "wrong"})

    response = client.post("/login/", SIGN_IN)

    assert response.status_code == 429
    assert int(response["Retry-After"]) > 0
    assert "Too many attempts" in response.content.decode()


def test_signing_out_takes_a_post_and_ends_the_session(client_for, technician):
    client = client_for(technician)

    assert client.get("/logout/").status_code == 405
    assert client.post("/logout/").url == "/login/"
    assert client.get("/sites/").status_code == 302


def test_the_account_page_saves_clock_units_and_theme(client_for, technician):
    client = client_for(technician)
    response = client.post(
        "/account/",
        {"clock": "own", "time_zone": "Asia/Tokyo", "units": "kilo", "theme": "dark"},
        follow=True,
    )

    technician.refresh_from_db()
    assert (technician.clock, technician.time_zone) == ("own", "Asia/Tokyo")
    page = response.content.decode()
    assert "Your settings were saved." in page
    assert '<html lang="en" data-theme="dark">' in page


@pytest.mark.parametrize(
    ("field", "value"),
    [("clock", "x"), ("time_zone", "Mars/Base"), ("units", ""), ("theme", "pink")],
)
def test_the_account_page_refuses_unknown_values(client_for, technician, field, value):
    good = {"clock": "own", "time_zone": "UTC", "units": "kilo", "theme": "dark"}

    response = client_for(technician).post("/account/", {**good, field: value})

    assert field in response.context["form"].errors
    assert User.objects.get(pk=technician.pk).theme == "auto"


def test_the_theme_switch_returns_to_the_page_it_was_on(client_for, standard):
    client = client_for(standard)

    assert client.post("/account/theme/", {"theme": "dark", "next": "/devices/"}).url == "/devices/"
    assert User.objects.get(pk=standard.pk).theme == "dark"
    assert client.post("/account/theme/", {"theme": "x", "next": "//evil.example"}).url == "/sites/"
    assert User.objects.get(pk=standard.pk).theme == "dark"


def test_without_a_choice_the_theme_is_left_to_the_browser(client):
    assert '<html lang="en">' in client.get("/login/").content.decode()


def test_revoking_a_token_ends_it(client_for, standard):
    token, _ = ApiToken.objects.create(user=standard, name="Old script")

    response = client_for(standard).post(
        reverse("token-revoke", args=[token.token_key]), follow=True
    )

    assert "“Old script” was revoked." in response.content.decode()
    assert not ApiToken.objects.exists()


def test_tokens_are_nobody_elses_business(client_for, standard, technician):
    token, _ = ApiToken.objects.create(user=technician, name="Private")
    client = client_for(standard)

    assert "Private" not in client.get("/account/tokens/").content.decode()
    revoke = client.post(reverse("token-revoke", args=[token.token_key]))
    assert revoke.status_code == 404
    assert ApiToken.objects.filter(pk=token.pk).exists()


@pytest.mark.parametrize("count", [1, 3, 30])
def test_the_token_list_takes_as_many_queries_however_long(
    client_for, standard, django_assert_max_num_queries, count
):
    for n in range(count):
        ApiToken.objects.create(user=standard, name=f"Token {n}")
    client = client_for(standard)

    with django_assert_max_num_queries(6):
        page = client.get("/account/tokens/").content.decode()
    assert page.count("Revoke<") == count

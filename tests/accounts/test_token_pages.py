"""API tokens on the account pages: made, shown once, renewed, revoked."""

import shlex
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.utils import timezone

from accounts.models import ApiToken
from tests.support.admin import told
from tests.support.factories import SiteFactory

LIST = "/account/tokens/"
ADD = "/account/tokens/add/"
READ = {"name": "Display", "scope": "read", "days": 30}


def expires_in(days):
    """A token's end so many days from now."""
    return timezone.now() + timedelta(days=days)


def test_a_new_token_shows_its_secret_once_and_signs_in(client_for, client, standard):
    response = client_for(standard).post(ADD, READ)

    secret = response.context["secret"]
    assert secret.startswith("ems_")
    assert secret in response.content.decode()
    assert response["Cache-Control"] == "no-store"
    me = client.get("/api/v1/me/", headers={"Authorization": f"Token {secret}"})
    assert me.json()["username"] == "stan"
    assert secret not in client_for(standard).get(LIST).content.decode()


def test_sending_readings_of_one_site_is_what_the_form_proposes(client_for, technician, site):
    SiteFactory(name="Zeta works", users=[technician])

    form = client_for(technician).get(ADD).context["form"]

    assert (form["scope"].value(), form["site"].value()) == ("ingest", site.pk)
    offered = [name for _, name in form["site"].field.choices]
    assert offered == ["All my Sites", "Harbour depot", "Zeta works"]


def test_who_may_send_no_readings_is_offered_no_token_that_does(client_for, standard, site):
    client = client_for(standard)

    page = client.get(ADD)
    refused = client.post(ADD, {**READ, "scope": "ingest"})

    assert 'value="ingest"' not in page.content.decode()
    assert page.context["form"]["scope"].value() == "read"
    assert "scope" in refused.context["form"].errors
    assert not ApiToken.objects.exists()


def test_a_token_for_one_site_says_so_and_gives_an_example_that_works(
    client_for, client, technician, site, metric
):
    page = client_for(technician).post(
        ADD, {"name": "Telegraf", "scope": "ingest", "site": site.pk, "days": 90}
    )

    token = ApiToken.objects.get()
    assert (token.scope, token.site) == ("ingest", site)
    assert abs(token.expiry - expires_in(90)) < timedelta(minutes=1)
    assert "send readings of Harbour depot and nothing else" in page.content.decode()
    example = page.context["example"].replace("VALUE", "1250").replace("\\\n", "")
    _, _, authorization, _, kind, _, body, address = shlex.split(example)
    answer = client.post(
        address.removeprefix("http://testserver"),
        body,
        content_type=kind.removeprefix("Content-Type: "),
        headers={"Authorization": authorization.removeprefix("Authorization: ")},
    )
    assert answer.json() == {"accepted": 1, "rejected": []}
    assert metric.latest.value == 1250


def test_the_example_stores_nothing_before_somebody_fills_it_in(client_for, technician, site):
    page = client_for(technician).post(ADD, {"name": "x", "scope": "ingest"})

    assert '"value": VALUE' in page.context["example"]


def test_the_site_means_nothing_for_a_token_that_does_not_send_readings(
    client_for, technician, site
):
    client_for(technician).post(ADD, {**READ, "site": site.pk})

    assert ApiToken.objects.get().site is None


def test_a_site_that_one_does_not_see_cannot_be_chosen(client_for, technician, foreign_site):
    page = client_for(technician).post(
        ADD, {"name": "x", "scope": "ingest", "site": foreign_site.pk}
    )

    assert "site" in page.context["form"].errors
    assert "Secret works" not in page.content.decode()


def test_a_token_lasts_a_year_unless_something_else_is_chosen(client_for, standard):
    client_for(standard).post(ADD, {"name": "Display", "scope": "read"})

    assert abs(ApiToken.objects.get().expiry - expires_in(365)) < timedelta(minutes=1)


def test_a_chosen_day_is_the_last_whole_one_on_the_users_clocks(client_for, standard):
    standard.time_zone = "Asia/Tokyo"
    standard.save()

    with time_machine.travel(datetime(2026, 6, 1, 12, tzinfo=UTC)):
        client_for(standard).post(ADD, {**READ, "expires_at": "2026-06-30"})

    assert ApiToken.objects.get().expiry == datetime(2026, 6, 30, 14, 59, 59, tzinfo=UTC)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", "x" * 81),
        ("scope", ""),
        ("scope", "everything"),
        ("days", 0),
        ("days", 99999),
        ("expires_at", "2020-01-01"),
        ("expires_at", "2999-01-01"),
        ("expires_at", "9999-12-31"),
        ("expires_at", "tomorrow"),
    ],
)
def test_a_token_needs_a_name_a_scope_and_a_sensible_life(client_for, standard, field, value):
    response = client_for(standard).post(ADD, {**READ, field: value})

    assert field in response.context["form"].errors
    assert not ApiToken.objects.exists()


def test_the_list_says_what_each_token_may_and_until_when(client_for, technician, site):
    for name, days in (("Old logger", -1), ("Wall display", 5), ("Report", 60)):
        ApiToken.objects.create(
            user=technician, name=name, scope="read", expiry=timedelta(days=days)
        )
    ApiToken.objects.create(user=technician, name="Gateway", scope="ingest", site=site)

    page = client_for(technician).get(LIST).content.decode()

    rows = {row.split("<b>")[1].split("</b>")[0]: row for row in page.split("<tr")[2:]}
    assert "Expired" in rows["Old logger"]
    assert "Remove<" in rows["Old logger"]
    assert "Renew<" in rows["Wall display"]
    assert "Renew<" not in rows["Report"] + rows["Old logger"]
    assert "Harbour depot" in rows["Gateway"]
    assert "Ingest" in rows["Gateway"]
    assert "All my Sites" in rows["Report"]


def test_renewing_moves_the_end_and_keeps_the_secret(client_for, client, standard):
    token, secret = ApiToken.objects.create(
        user=standard, name="Wall display", scope="read", expiry=timedelta(days=2)
    )
    browser = client_for(standard)

    assert browser.get(f"{LIST}{token.token_key}/renew/").status_code == 200
    answer = browser.post(f"{LIST}{token.token_key}/renew/", {"days": 90}, follow=True)

    assert told(answer) == ["The token “Wall display” works for longer now."]
    token.refresh_from_db()
    assert abs(token.expiry - expires_in(90)) < timedelta(minutes=1)
    assert (
        client.get("/api/v1/me/", headers={"Authorization": f"Token {secret}"}).status_code == 200
    )


def test_what_has_expired_is_not_renewed(client_for, standard):
    token, _ = ApiToken.objects.create(user=standard, expiry=timedelta(days=-1))

    page = client_for(standard).post(f"{LIST}{token.token_key}/renew/", {"days": 90})

    assert "has expired" in page.content.decode()
    token.refresh_from_db()
    assert token.expiry < timezone.now()


@pytest.mark.parametrize("count", [1, 3, 30])
def test_the_list_takes_as_many_queries_for_tokens_of_many_sites(
    client_for, technician, django_assert_max_num_queries, count
):
    for site in SiteFactory.create_batch(count, users=[technician]):
        ApiToken.objects.create(user=technician, scope="ingest", site=site)
    client = client_for(technician)

    with django_assert_max_num_queries(6):
        page = client.get(LIST).content.decode()
    assert page.count("Revoke<") == count

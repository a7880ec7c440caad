"""`/api/v1/tokens/`: one's own tokens, and what a token of each scope may do."""

from datetime import datetime, timedelta

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import ApiToken
from history.models import Reading
from tests.support.factories import DeviceFactory, SiteFactory
from tests.support.posting import NOON, URL, row

TOKENS = "/api/v1/tokens/"
MEMBERS = {"id", "url", "name", "scope", "site", "created_at", "last_used_at", "expires_at"}
INGEST = {"name": "Telegraf", "scope": "ingest"}


def bearer(secret):
    """A program with a token."""
    return APIClient(headers={"Authorization": f"Bearer {secret}"})


@pytest.fixture
def api(api_client_for, technician):
    """The technician's session."""
    return api_client_for(technician)


def faults(answer):
    """Field and code of each error."""
    return [(error["field"], error["code"]) for error in answer.json()["errors"]]


def test_the_secret_is_in_the_answer_that_made_it_and_nowhere_else(api, site):
    made = api.post(TOKENS, {**INGEST, "site": site.pk})

    assert made.status_code == 201
    body = made.json()
    assert body.keys() == MEMBERS | {"token"}
    assert (body["name"], body["scope"], body["site"]) == ("Telegraf", "ingest", site.pk)
    assert body["token"].startswith(body["id"])
    listed = api.get(TOKENS).json()
    assert [one.keys() for one in listed["results"]] == [MEMBERS]
    assert body["token"] not in str(listed)
    assert api.get(body["url"]).json() == listed["results"][0]
    assert not ApiToken.objects.filter(digest=body["token"]).exists()


def test_a_token_ends_when_it_was_asked_to(api):
    wanted = "2027-01-31T12:00:00.000001Z"
    assert api.post(TOKENS, {**INGEST, "expires_at": wanted}).json()["expires_at"] == wanted
    usual = datetime.fromisoformat(api.post(TOKENS, INGEST).json()["expires_at"])
    assert abs(usual - timezone.now() - timedelta(days=365)) < timedelta(minutes=1)


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"name": ""}, ("name", "blank")),
        ({"name": None}, ("name", "null")),
        ({"scope": "all"}, ("scope", "invalid_choice")),
        ({"scope": None}, ("scope", "null")),
        ({"site": 0}, ("site", "does_not_exist")),
        ({"site": "1"}, ("site", "incorrect_type")),
        ({"expires_at": "2020-01-01T00:00:00Z"}, ("expires_at", "out_of_range")),
        ({"expires_at": "2999-01-01T00:00:00Z"}, ("expires_at", "out_of_range")),
        ({"expires_at": None}, ("expires_at", "null")),
        ({"expires_at": "soon"}, ("expires_at", "invalid")),
        ({"user": 1}, ("user", "unknown_field")),
    ],
)
def test_what_cannot_be_is_refused_by_name(api, changes, fault):
    answer = api.post(TOKENS, INGEST | changes)
    assert (answer.status_code, faults(answer)) == (400, [fault])
    assert not ApiToken.objects.exists()


@pytest.mark.parametrize("missing", ["name", "scope"])
def test_name_and_scope_have_to_be_given(api, missing):
    body = {name: value for name, value in INGEST.items() if name != missing}
    assert faults(api.post(TOKENS, body)) == [(missing, "required")]


def test_only_a_token_that_sends_readings_is_bound_to_a_site(api, site):
    for scope in ("read", "full"):
        answer = api.post(TOKENS, {"name": "x", "scope": scope, "site": site.pk})
        assert (answer.status_code, faults(answer)) == (400, [("site", "not_ingest")])


def test_a_site_that_one_does_not_see_is_answered_like_none(api, foreign_site):
    hidden = api.post(TOKENS, {**INGEST, "site": foreign_site.pk})
    none = api.post(TOKENS, {**INGEST, "site": 987654})
    assert faults(hidden) == faults(none) == [("site", "does_not_exist")]


def test_who_may_send_no_readings_makes_no_token_that_does(api_client_for, standard, site):
    client = api_client_for(standard)
    answer = client.post(TOKENS, {**INGEST, "site": site.pk})
    assert (answer.status_code, faults(answer)) == (403, [("scope", "not_permitted")])
    assert client.post(TOKENS, {"name": "Display", "scope": "read"}).status_code == 201


def test_a_revoked_token_ends_at_once(api):
    made = api.post(TOKENS, {"name": "x", "scope": "read"}).json()
    assert bearer(made["token"]).get("/api/v1/me/").status_code == 200
    assert api.delete(made["url"]).status_code == 204
    assert bearer(made["token"]).get("/api/v1/me/").status_code == 401
    assert api.delete(made["url"]).status_code == 404


def test_a_token_is_renewed_without_another_secret(api):
    made = api.post(TOKENS, {"name": "x", "scope": "read"}).json()
    until = "2030-01-01T00:00:00Z"
    renewed = api.post(f"{made['url']}renew/", {"expires_at": until})
    assert renewed.json()["expires_at"] == until
    assert bearer(made["token"]).get(made["url"]).json()["expires_at"] == until


def test_an_expired_token_is_not_renewed(api, technician):
    token, _ = ApiToken.objects.create(user=technician, expiry=timedelta(days=-1))
    answer = api.post(f"{TOKENS}{token.token_key}/renew/")
    assert (answer.status_code, faults(answer)) == (409, [("", "expired")])


def test_tokens_of_others_do_not_exist(api, administrator, api_client_for, standard):
    token, _ = ApiToken.objects.create(user=standard)
    address = f"{TOKENS}{token.token_key}/"
    for client in (api, api_client_for(administrator)):
        assert client.get(TOKENS).json()["count"] == 0
        assert client.get(address).status_code == 404
        assert client.delete(address).status_code == 404
        assert client.post(f"{address}renew/").status_code == 404
    assert ApiToken.objects.filter(pk=token.pk).exists()


def test_the_list_is_searched_filtered_and_ordered(api, technician, site):
    for name, scope in (("Gateway A", "ingest"), ("Gateway B", "ingest"), ("Display", "read")):
        ApiToken.objects.create(user=technician, name=name, scope=scope)
    ApiToken.objects.filter(name="Gateway B").update(site=site)

    def names(query):
        return [one["name"] for one in api.get(TOKENS + query).json()["results"]]

    assert names("?search=gateway&ordering=name") == ["Gateway A", "Gateway B"]
    assert names("?scope=read") == ["Display"]
    assert names(f"?site={site.pk}") == ["Gateway B"]
    assert api.get(TOKENS + "?scope=all").status_code == 400


@pytest.mark.parametrize("count", [1, 3, 30])
def test_the_list_takes_as_many_queries_however_long(
    api, technician, django_assert_max_num_queries, count
):
    for site in SiteFactory.create_batch(count, users=[technician]):
        ApiToken.objects.create(user=technician, scope="ingest", site=site)
    with django_assert_max_num_queries(4):
        assert len(api.get(TOKENS).json()["results"]) == count


# Scopes ----------------------------------------------------------------------------------


def test_signing_in_gives_a_token_for_everything(technician):
    assert ApiToken.objects.create(user=technician)[0].scope == "full"


def test_an_ingest_token_sends_readings_and_learns_nothing(technician, metric):
    program = bearer(ApiToken.objects.create(user=technician, scope="ingest")[1])

    assert program.post(URL, {"readings": [row(metric)]}).json()["accepted"] == 1
    for address in ("/api/v1/me/", "/api/v1/", "/api/v1/sites/", TOKENS, "/api/schema/"):
        answer = program.get(address, HTTP_ACCEPT="application/json")
        assert (answer.status_code, faults(answer)) == (403, [("", "token_scope")])


def test_a_read_token_changes_nothing(technician, device):
    program = bearer(ApiToken.objects.create(user=technician, scope="read")[1])
    address = f"/api/v1/devices/{device.pk}/"

    assert program.get(address).status_code == 200
    for answer in (
        program.patch(address, {"notes": "x"}),
        program.delete(address),
        program.post(TOKENS, {"name": "More", "scope": "full"}),
        program.post("/api/v1/auth/logoutall/"),
        program.post(URL, {"readings": []}),
    ):
        assert (answer.status_code, faults(answer)) == (403, [("", "token_scope")])
    assert ApiToken.objects.count() == 1


def test_a_refused_token_is_told_why_in_a_browser(technician):
    program = bearer(ApiToken.objects.create(user=technician, scope="ingest")[1])
    page = program.get("/api/v1/me/", HTTP_ACCEPT="text/html")
    assert page.status_code == 403
    assert b"may only send readings" in page.content


def test_a_token_of_a_site_sends_no_readings_of_another(technician, site, metric):
    other = DeviceFactory(site=SiteFactory(users=[technician])).metrics.get()
    program = bearer(ApiToken.objects.create(user=technician, scope="ingest", site=site)[1])

    assert program.post(URL, {"readings": [row(metric)]}).status_code == 200
    answer = program.post(URL, {"readings": [row(other)]})

    assert (answer.status_code, faults(answer)) == (400, [("readings.0", "unknown_metric")])
    assert not Reading.objects.filter(metric=other.pk).exists()


def test_a_token_of_a_site_is_refused_as_soon_as_its_user_loses_the_site(technician, site, metric):
    program = bearer(ApiToken.objects.create(user=technician, scope="ingest", site=site)[1])
    site.assignments.filter(user=technician).delete()

    answer = program.post(URL, {"readings": [row(metric, timestamp=NOON)]})

    assert (answer.status_code, faults(answer)) == (403, [("", "token_scope")])


def test_an_ingest_token_is_worth_nothing_once_its_user_may_send_no_readings(technician, metric):
    program = bearer(ApiToken.objects.create(user=technician, scope="ingest")[1])
    technician.groups.clear()

    assert program.post(URL, {"readings": [row(metric)]}).status_code == 403
    assert not Reading.objects.exists()


def test_a_session_beside_a_token_gives_the_token_no_more(technician, site):
    program = bearer(ApiToken.objects.create(user=technician, scope="ingest")[1])
    program.force_login(technician)
    assert program.get("/api/v1/me/").status_code == 403

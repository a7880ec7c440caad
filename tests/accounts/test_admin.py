"""People, tokens and subscriptions in the admin."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission
from django.test import Client

from accounts.models import ApiToken, User
from metrics.models import Metric
from sites.models import Site
from subscriptions.models import Subscription
from tests.support.admin import told
from tests.support.factories import MetricFactory, SiteFactory, SubscriptionFactory, UserFactory

LIST = "/admin/accounts/user/"
TOKENS = "/admin/accounts/apitoken/"
SUBSCRIPTIONS = "/admin/subscriptions/subscription/"


@pytest.fixture
def admin(administrator: User, client_for: Callable[[User], Client]) -> Client:
    return client_for(administrator)


def test_a_user_is_added_with_group_and_sites_on_one_page(admin: Client, site: Site) -> None:
    data = {
        "username": "newton",
        "usable_password": "true",
        "password1": "an apple falls 1666",
        "password2": "an apple falls 1666",
        "groups": [Group.objects.get(name="technician").pk],
    }
    assert admin.post(f"{LIST}add/", data | {"assigned": [site.pk]}).status_code == 302
    user = User.objects.get(username="newton")
    assert user.has_perm("history.add_reading")
    assert list(user.sites.all()) == [site]


def test_a_user_is_changed_with_sites_and_preferences_on_one_page(
    admin: Client, standard: User, foreign_site: Site
) -> None:
    data = {
        "username": standard.username,
        "is_active": "on",
        "time_zone": "Asia/Kathmandu",
        "clock": "own",
        "units": "kilo",
        "theme": "dark",
        "date_joined_0": "2026-01-01",
        "date_joined_1": "00:00:00",
    }
    data["assigned"] = [foreign_site.pk]
    assert admin.post(f"{LIST}{standard.pk}/change/", data).status_code == 302
    standard.refresh_from_db()
    assert (standard.time_zone, standard.theme) == ("Asia/Kathmandu", "dark")
    assert foreign_site in standard.sites.all()


def test_staff_who_may_edit_users_cannot_make_themselves_administrators(
    technician: User, client_for: Callable[[User], Client]
) -> None:
    technician.is_staff = True
    technician.save()
    technician.user_permissions.add(Permission.objects.get(codename="change_user"))
    data = {
        "username": technician.username,
        "is_active": "on",
        "is_superuser": "on",
        "time_zone": "UTC",
        "clock": "site",
        "units": "scaled",
        "theme": "auto",
        "date_joined_0": "2026-01-01",
        "date_joined_1": "00:00:00",
    }
    url = f"{LIST}{technician.pk}/change/"
    assert client_for(technician).post(url, data).status_code == 302
    technician.refresh_from_db()
    assert not technician.is_superuser
    assert technician.is_staff


def test_tokens_are_listed_without_anything_to_sign_in_with(
    admin: Client, technician: User
) -> None:
    token, key = ApiToken.objects.create(user=technician, name="Gateway")
    for url in (TOKENS, f"{TOKENS}{token.pk}/change/"):
        page = admin.get(url).content.decode()
        assert "Gateway" in page
        assert key not in page
        assert token.token_key not in page.replace(f"/{token.pk}/", "")


def test_a_token_is_revoked(admin: Client, technician: User) -> None:
    token, _ = ApiToken.objects.create(user=technician)
    assert admin.post(f"{TOKENS}{token.pk}/delete/", {"post": "yes"}).status_code == 302
    assert not ApiToken.objects.exists()


def test_a_token_is_made_for_somebody_and_its_secret_is_shown_once(
    admin: Client, technician: User, site: Site
) -> None:
    form = {"user": technician.pk, "name": "Gateway", "scope": "ingest", "site": site.pk}
    page = admin.post(f"{TOKENS}add/", form)
    token = ApiToken.objects.get()
    assert (token.user, token.scope, token.site) == (technician, "ingest", site)
    assert page.status_code == 200
    assert "no-store" in page["Cache-Control"]
    secret = page.context["secret"]
    assert f"<code>{secret}</code>" in page.content.decode()
    sent = Client().post(
        "/api/v1/readings/",
        {"readings": []},
        content_type="application/json",
        headers={"Authorization": f"Token {secret}"},
    )
    assert sent.json() == {"accepted": 0, "rejected": []}
    assert secret not in admin.get(f"{TOKENS}{token.pk}/change/").content.decode()


def test_a_token_that_its_user_may_not_have_is_refused_with_the_reason(
    admin: Client, standard: User
) -> None:
    form = {"user": standard.pk, "name": "Gateway", "scope": "ingest"}
    page = admin.post(f"{TOKENS}add/", form, follow=True)
    assert told(page) == ["Who may not send readings can have no token that does."]
    assert not ApiToken.objects.exists()


def test_a_token_is_not_changed(admin: Client, technician: User) -> None:
    token, _ = ApiToken.objects.create(user=technician)
    assert admin.post(f"{TOKENS}{token.pk}/change/", {"name": "x"}).status_code == 403


def test_subscriptions_are_listed_and_opened(admin: Client, metric: Metric) -> None:
    subscription = SubscriptionFactory(name="Night watch", metrics=[metric])
    assert "Night watch" in admin.get(SUBSCRIPTIONS).content.decode()
    assert admin.get(f"{SUBSCRIPTIONS}{subscription.pk}/change/").status_code == 200


def test_other_staff_see_only_their_own_subscriptions(
    technician: User, client_for: Callable[[User], Client]
) -> None:
    technician.is_staff = True
    technician.save()
    SubscriptionFactory(name="Theirs")
    SubscriptionFactory(name="My own", owner=technician)
    page = client_for(technician).get(SUBSCRIPTIONS).content.decode()
    assert "My own" in page
    assert "Theirs" not in page
    assert Subscription.objects.count() == 2


def test_the_index_lists_every_part(admin: Client) -> None:
    page = admin.get("/admin/").content.decode()
    for part in ("Users", "Api tokens", "Sites", "Devices", "Metrics", "Latest values"):
        assert part in page


def test_who_is_no_staff_does_not_come_in(
    standard: User, client_for: Callable[[User], Client]
) -> None:
    assert client_for(standard).get("/admin/").status_code == 302
    assert client_for(standard).get("/admin/", follow=True).status_code == 403


@pytest.mark.django_db
@pytest.mark.parametrize("count", [1, 3, 30])
def test_the_list_takes_as_many_queries_for_many_users_as_for_one(
    count: int, admin: Client, django_assert_max_num_queries: Any
) -> None:
    for user in UserFactory.create_batch(count, group="technician"):
        SiteFactory(users=[user])
    with django_assert_max_num_queries(10):
        assert admin.get(LIST).status_code == 200


@pytest.mark.django_db
@pytest.mark.parametrize("count", [1, 3, 30])
def test_a_subscription_takes_as_many_queries_however_many_metrics_it_holds(
    count: int, admin: Client, metric: Metric, django_assert_num_queries: Any
) -> None:
    metrics = MetricFactory.create_batch(count, device=metric.device)
    subscription = SubscriptionFactory(metrics=metrics)
    address = f"{SUBSCRIPTIONS}{subscription.pk}/change/"
    admin.get(address)
    with django_assert_num_queries(6):
        page = admin.get(address).content.decode()
    assert page.count("selected>Main meter › Metric") == count

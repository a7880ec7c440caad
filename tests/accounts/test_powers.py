"""Staff who may edit people: nobody gains what they lack, and nobody sees what they may not."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.test import Client
from django.urls import reverse

from accounts.models import ApiToken, User
from devices.models import Device
from metrics.models import Metric
from sites.models import Site, SiteAssignment
from tests.support.admin import formset, preview
from tests.support.factories import PASSWORD, SiteFactory, SubscriptionFactory, UserFactory

USERS = "/admin/accounts/user/"
GROUPS = "/admin/auth/group/"
TOKENS = "/admin/accounts/apitoken/"
SITES = "/admin/sites/site/"
SUBSCRIPTIONS = "/admin/subscriptions/subscription/"
NEW_PASSWORD = {"password1": "an apple falls 1666", "password2": "an apple falls 1666"}
VERBS = ("add", "change", "delete", "view")
MODELS = ("user", "group", "apitoken", "siteassignment", "site", "subscription")


@pytest.fixture
def manager(technician: User, site: Site) -> User:
    """A technician of `site` who may edit people, groups, Sites and tokens in the admin."""
    technician.is_staff = True
    technician.save()
    codenames = [f"{verb}_{model}" for verb in VERBS for model in MODELS]
    technician.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    return technician


@pytest.fixture
def staff(manager: User, client_for: Callable[[User], Client]) -> Client:
    """The manager's browser."""
    return client_for(manager)


def assigned(user: User, *sites: Site) -> User:
    for site in sites:
        SiteAssignment.objects.create(user=user, site=site)
    return user


def person(user: User, **changes: Any) -> dict[str, Any]:
    """The form of a user's page."""
    return {
        "username": user.username,
        "is_active": "on",
        "time_zone": "UTC",
        "clock": "site",
        "units": "scaled",
        "theme": "auto",
        "date_joined_0": "2026-01-01",
        "date_joined_1": "00:00:00",
        "assigned": list(user.sites.values_list("pk", flat=True)),
    } | changes


@pytest.fixture(params=["superuser", "permission", "group", "inactive", "hidden site"])
def above(request: pytest.FixtureRequest, site: Site, foreign_site: Site) -> User:
    """Somebody on the manager's Site with more powers than the manager has."""
    user = assigned(UserFactory(username="above"), site)
    delete_metric = Permission.objects.get(codename="delete_logentry")
    if request.param == "superuser":
        user.is_superuser = True
    elif request.param == "hidden site":
        assigned(user, foreign_site)
    elif request.param == "group":
        group = Group.objects.create(name="Above all")
        group.permissions.add(delete_metric)
        user.groups.add(group)
    else:
        user.user_permissions.add(delete_metric)
        user.is_active = request.param != "inactive"
    user.save()
    return user


def test_nobody_changes_deletes_or_sets_the_password_of_somebody_above_them(
    staff: Client, above: User
) -> None:
    page = f"{USERS}{above.pk}"
    answers = [
        staff.get(f"{page}/password/"),
        staff.post(f"{page}/password/", NEW_PASSWORD | {"usable_password": "true"}),
        staff.post(f"{page}/change/", person(above, email="mallory@example.org")),
        staff.post(f"{page}/delete/", {"post": "yes"}),
        staff.post(
            USERS, {"action": "delete_selected", "_selected_action": [above.pk], "post": "yes"}
        ),
    ]
    assert [answer.status_code for answer in answers] == [403] * len(answers)
    kept = User.objects.get(pk=above.pk)
    assert kept.check_password(PASSWORD)
    assert kept.email == ""


def test_a_user_above_oneself_can_be_looked_at_without_the_hash(staff: Client, above: User) -> None:
    page = staff.get(f"{USERS}{above.pk}/change/")
    assert page.status_code == 200
    assert above.username in page.content.decode()
    assert above.password not in page.content.decode()
    assert above.password.rpartition("$")[2] not in page.content.decode()


def test_tokens_of_somebody_above_oneself_are_not_revoked(staff: Client, above: User) -> None:
    token, _ = ApiToken.objects.create(user=above)
    assert staff.post(f"{TOKENS}{token.pk}/delete/", {"post": "yes"}).status_code == 403
    assert ApiToken.objects.exists()


def test_a_token_is_made_for_nobody_above_oneself(staff: Client, above: User) -> None:
    """Its secret would let one do what they may."""
    form = {"user": above.pk, "name": "Mine now", "scope": "full"}
    page = staff.post(f"{TOKENS}add/", form, follow=True)
    assert "You may not do all that" in page.content.decode()
    assert not ApiToken.objects.exists()


def test_the_site_of_a_token_is_not_told_to_who_does_not_see_it(
    staff: Client, standard: User, foreign_site: Site
) -> None:
    assigned(standard, foreign_site)
    token, _ = ApiToken.objects.create(
        user=standard, name="Logger", scope="ingest", site=foreign_site
    )
    for address in (TOKENS, f"{TOKENS}{token.pk}/change/", f"{TOKENS}?q=Secret"):
        page = staff.get(address)
        assert page.status_code == 200
        assert "Secret works" not in page.content.decode()
    assert "Logger" in staff.get(TOKENS).content.decode()


def test_those_below_can_be_changed_and_given_a_password(staff: Client, standard: User) -> None:
    token, _ = ApiToken.objects.create(user=standard)
    page = f"{USERS}{standard.pk}"
    data = NEW_PASSWORD | {"usable_password": "true"}
    assert staff.post(f"{page}/password/", data).status_code == 302
    assert staff.post(f"{page}/change/", person(standard, email="s@example.org")).status_code == 302
    standard.refresh_from_db()
    assert standard.check_password(NEW_PASSWORD["password1"])
    assert standard.email == "s@example.org"
    ApiToken.objects.get_or_create(pk=token.pk, user=standard)
    assert staff.post(f"{TOKENS}{token.pk}/delete/", {"post": "yes"}).status_code == 302


def test_staff_find_only_people_of_their_sites(
    staff: Client, standard: User, foreign_site: Site
) -> None:
    unseen = assigned(UserFactory(username="ursula"), foreign_site)
    ApiToken.objects.create(user=unseen, name="Token of ursula")
    target = {"app_label": "sites", "model_name": "siteassignment", "field_name": "user"}
    offered = staff.get(reverse("admin:autocomplete"), target | {"term": ""}).json()["results"]

    assert {found["text"] for found in offered} == {"tess", "stan"}
    assert "ursula" not in staff.get(USERS).content.decode()
    assert "ursula" not in staff.get(TOKENS).content.decode()
    assert staff.get(f"{USERS}{unseen.pk}/password/").status_code == 404
    answer = staff.get(f"{USERS}{unseen.pk}/change/", follow=True)
    assert "doesn’t exist" in answer.content.decode()


def test_a_column_names_only_sites_that_the_reader_sees(
    staff: Client, standard: User, site: Site, foreign_site: Site
) -> None:
    assigned(standard, foreign_site)
    for page in (staff.get(USERS), staff.get(f"{USERS}{standard.pk}/change/")):
        assert site.name in page.content.decode()
        assert foreign_site.name not in page.content.decode()
    row = next(user for user in staff.get(USERS).context["cl"].result_list if user == standard)
    assert [seen.name for seen in row.sites.all()] == [site.name]


def test_a_deletion_tells_nothing_of_what_is_others_own(
    staff: Client, standard: User, metric: Metric
) -> None:
    SubscriptionFactory(owner=standard, name="My secret list", metrics=[metric])
    for address in (f"{USERS}{standard.pk}/delete/", f"{SITES}{metric.device.site_id}/delete/"):
        page = staff.get(address)
        assert page.status_code == 200
        assert "My secret list" not in page.content.decode()
        assert "Subscription_metrics" not in page.content.decode()


def test_a_new_user_is_assigned_to_a_site_that_their_maker_sees(
    staff: Client, manager: User, site: Site, foreign_site: Site
) -> None:
    data = {"username": "newton", "usable_password": "true"} | NEW_PASSWORD
    for sites in ([], [foreign_site.pk]):
        answer = staff.post(f"{USERS}add/", data | {"assigned": sites})
        assert list(answer.context["adminform"].form.errors) == ["assigned"]
    assert staff.post(f"{USERS}add/", data | {"assigned": [site.pk]}).status_code == 302
    assert list(User.objects.get(username="newton").sites.all()) == [site]


def test_without_the_verb_nobody_is_assigned(staff: Client, manager: User, standard: User) -> None:
    manager.user_permissions.remove(Permission.objects.get(codename="add_siteassignment"))
    other = SiteFactory(name="Other", users=[manager])
    page = f"{USERS}{standard.pk}/change/"
    staff.post(page, person(standard, assigned=[other.pk]))
    assert "Harbour depot" in staff.get(page).content.decode()
    assert [site.name for site in standard.sites.all()] == ["Harbour depot"]


@pytest.mark.parametrize("field", ["name", "slug"])
def test_a_site_name_that_is_taken_is_told_alike_whoever_sees_by_which(
    staff: Client, site: Site, foreign_site: Site, field: str
) -> None:
    told = []
    for taken in (site, foreign_site):
        form = {"name": "New", "slug": "new", "time_zone": "UTC", field: getattr(taken, field)}
        answer = staff.post(f"{SITES}add/", form | formset("devices"))
        told.append(answer.context["adminform"].form.errors)
        row = ",".join((form["slug"], form["name"], "UTC"))
        imported = preview(staff, f"{SITES}import/", f"slug,name,time_zone\n{row}\n")
        if taken == foreign_site or field == "name":
            (invalid,) = imported.context["result"].invalid_rows
            told.append(invalid.error.message_dict)
    assert [dict(errors) for errors in told] == [
        {field: ["This is not available: choose another."]}
    ] * len(told)


def test_a_user_name_that_is_taken_is_told_alike_whoever_sees_by_whom(
    staff: Client, site: Site, standard: User, administrator: User
) -> None:
    for taken in (standard, administrator):
        data = {"username": taken.username, "usable_password": "true", "assigned": [site.pk]}
        answer = staff.post(f"{USERS}add/", data | NEW_PASSWORD)
        errors = answer.context["adminform"].form.errors
        assert dict(errors) == {"username": ["This is not available: choose another."]}


def test_nobody_widens_a_group_beyond_their_own_powers(staff: Client, manager: User) -> None:
    group = Group.objects.create(name="Helpers")
    manager.groups.add(group)
    group.permissions.add(Permission.objects.get(codename="view_group"))
    lacking = Permission.objects.get(codename="delete_logentry")
    own = Permission.objects.get(codename="change_user")
    page = f"{GROUPS}{group.pk}/change/"

    refused = staff.post(page, {"name": "Helpers", "permissions": [lacking.pk]})
    assert "permissions" in refused.context["adminform"].form.errors
    assert "delete_logentry" not in staff.get(page).content.decode()
    assert staff.post(page, {"name": "Helpers", "permissions": [own.pk]}).status_code == 302
    assert list(group.permissions.all()) == [own]
    refused = staff.post(f"{GROUPS}add/", {"name": "New", "permissions": [lacking.pk]})
    assert "permissions" in refused.context["adminform"].form.errors


def test_a_group_above_oneself_is_neither_changed_nor_deleted(staff: Client) -> None:
    group = Group.objects.create(name="Above all")
    group.permissions.add(Permission.objects.get(codename="delete_logentry"))

    page = f"{GROUPS}{group.pk}"
    assert staff.post(f"{page}/change/", {"name": "Mine"}).status_code == 403
    assert staff.post(f"{page}/delete/", {"post": "yes"}).status_code == 403
    action = {"action": "delete_selected", "_selected_action": [group.pk], "post": "yes"}
    assert staff.post(GROUPS, action).status_code == 403
    assert Group.objects.get(pk=group.pk).name == "Above all"


def test_a_superuser_may_do_all_of_this(
    administrator: User, above: User, client_for: Callable[[User], Client]
) -> None:
    admin = client_for(administrator)
    data = NEW_PASSWORD | {"usable_password": "true"}
    assert admin.post(f"{USERS}{above.pk}/password/", data).status_code == 302
    assert admin.post(f"{USERS}{above.pk}/delete/", {"post": "yes"}).status_code == 302
    lacking = Permission.objects.get(codename="delete_logentry")
    group = {"name": "New", "permissions": [lacking.pk]}
    assert admin.post(f"{GROUPS}add/", group).status_code == 302


def test_staff_make_subscriptions_for_nobody_else(
    staff: Client, manager: User, standard: User
) -> None:
    theirs = staff.post(f"{SUBSCRIPTIONS}add/", {"name": "Planted", "owner": standard.pk})
    assert "owner" in theirs.context["adminform"].form.errors
    own = staff.post(f"{SUBSCRIPTIONS}add/", {"name": "Own", "owner": manager.pk})
    assert own.status_code == 302


def test_staff_count_only_metrics_that_they_see(
    staff: Client, manager: User, metric: Metric, foreign_metric: Metric
) -> None:
    SubscriptionFactory(owner=manager, metrics=[metric, foreign_metric])
    (listed,) = staff.get(SUBSCRIPTIONS).context["cl"].result_list
    assert listed.metric_count == 1


def test_view_on_site_leads_only_to_what_the_admin_shows(
    staff: Client, device: Device, foreign_device: Device
) -> None:
    def status(content_type: int, pk: object) -> int:
        return staff.get(f"/admin/r/{content_type}/{pk}/").status_code

    devices = ContentType.objects.get_for_model(Device).pk
    assert status(devices, device.pk) == 302
    assert status(devices, foreign_device.pk) == 404
    assert status(devices, "x") == 404
    assert status(ContentType.objects.get_for_model(Group).pk, 1) == 404
    assert status(ContentType.objects.get_for_model(SiteAssignment).pk, 1) == 404
    assert status(987_654, 1) == 404


@pytest.mark.parametrize("count", [1, 3, 30])
def test_a_users_page_takes_as_many_queries_however_many_sites_they_see(
    count: int, administrator: User, standard: User, client_for: Any, django_assert_num_queries: Any
) -> None:
    assigned(standard, *SiteFactory.create_batch(count))
    admin = client_for(administrator)
    admin.get(f"{USERS}{standard.pk}/change/")
    with django_assert_num_queries(10):
        page = admin.get(f"{USERS}{standard.pk}/change/").content.decode()
    assert page.count("selected>Site ") == count


@pytest.mark.parametrize("count", [1, 3, 30])
def test_a_sites_page_takes_as_many_queries_however_many_see_it(
    count: int, administrator: User, site: Site, client_for: Any, django_assert_num_queries: Any
) -> None:
    for user in UserFactory.create_batch(count):
        assigned(user, site)
    admin = client_for(administrator)
    admin.get(f"{SITES}{site.pk}/change/")
    with django_assert_num_queries(8):
        page = admin.get(f"{SITES}{site.pk}/change/").content.decode()
    assert page.count("selected>user") == count

"""What is written down of each change, whichever way it is made."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission
from django.core.management import call_command
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from accounts.models import ApiToken, User
from changes.models import Change
from metrics.models import Metric
from sites.models import SiteAssignment
from tests.support.admin import confirm, formset, preview
from tests.support.factories import (
    PASSWORD,
    DeviceFactory,
    MetricFactory,
    SiteFactory,
    SubscriptionFactory,
    UserFactory,
)
from tests.support.readings import store

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
ADMIN = "/admin"


@pytest.fixture(autouse=True)
def begun(log: Any, metric: Metric, outsider: User) -> None:
    """What every test starts with is no change of its own."""
    log.begin()


@pytest.fixture
def client(technician: User, api_client_for: Any) -> APIClient:
    return api_client_for(technician)


@pytest.fixture
def admin(administrator: User, client_for: Any) -> Client:
    return client_for(administrator)


def by_token(user: User) -> APIClient:
    _, key = ApiToken.objects.create(user=user)
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Token {key}")
    return client


def told(entries: list[dict[str, Any]]) -> list[tuple[str, str, str]]:
    """Kind, action and name of each entry."""
    return [(entry["kind"], entry["action"], entry["name"]) for entry in entries]


def fields(entry: dict[str, Any]) -> dict[str, Any]:
    """Old and new of each field that was changed."""
    return {each["field"]: (each["old"], each["new"]) for each in entry["changes"]}


def names(entry: dict[str, Any]) -> tuple[str, list[str], list[str]]:
    """The relation that was changed, and what came and went."""
    (change,) = entry["changes"]
    return change["field"], change["added"], change["removed"]


class TestWho:
    def test_a_change_by_session_names_user_and_address(self, client, device, technician, log):
        client.patch(f"/api/v1/devices/{device.pk}/", {"notes": "Hail"}, REMOTE_ADDR="192.0.2.7")
        (entry,) = log()
        assert told([entry]) == [("device", "changed", "Main meter")]
        assert fields(entry) == {"notes": ("", "Hail")}
        assert (entry["actor"], entry["actor_id"]) == ("tess", technician.pk)
        assert (entry["via"], entry["address"]) == ("session", "192.0.2.7")
        assert (entry["site"], entry["device"], entry["object"]) == (
            device.site_id,
            device.pk,
            device.pk,
        )

    def test_a_change_by_token_names_its_user(self, device, technician, log):
        client = by_token(technician)
        log.begin()
        client.patch(f"/api/v1/devices/{device.pk}/", {"notes": "Hail"}, REMOTE_ADDR="2001:db8::7")
        (entry,) = log()
        assert (entry["actor"], entry["via"], entry["address"]) == ("tess", "token", "2001:db8::7")

    def test_a_change_in_the_admin_names_its_user(self, admin, site, log):
        filled = {"name": "New name", "slug": site.slug, "time_zone": "UTC"}
        devices = formset("devices", [{"id": site.devices.get().pk}], existing=1)
        row = {"name": "Main meter", "kind": "load_meter", "status": "active"}
        devices |= {f"devices-0-{name}": value for name, value in row.items()}
        people = {"assigned": [user.pk for user in site.users.all()]}
        answer = admin.post(f"{ADMIN}/sites/site/{site.pk}/change/", filled | devices | people)
        assert answer.status_code == 302
        (entry,) = log()
        assert fields(entry) == {
            "name": ("Harbour depot", "New name"),
            "time_zone": ("Europe/Amsterdam", "UTC"),
        }
        assert (entry["actor"], entry["via"]) == ("ada", "session")

    def test_a_change_on_a_page_names_its_user(self, client_for, technician, device, log):
        client_for(technician).post(f"/devices/{device.pk}/delete/")
        assert told(log()) == [
            ("metric", "deleted", "Main meter › Active power"),
            ("device", "deleted", "Main meter"),
        ]
        assert {entry["actor"] for entry in log()} == {"tess"}

    def test_a_command_has_no_user(self, log, tmp_path):
        call_command("createsuperuser", "--noinput", username="root", email="", verbosity=0)
        entry = log()[0]
        assert told([entry]) == [("user", "created", "root")]
        assert (entry["actor"], entry["actor_id"], entry["via"]) == (None, None, "command")
        assert entry["address"] is None

    def test_an_address_that_a_stranger_claims_is_not_believed(self, client, device, log):
        forged = {"HTTP_X_FORWARDED_FOR": "203.0.113.9", "REMOTE_ADDR": "192.0.2.7"}
        client.patch(f"/api/v1/devices/{device.pk}/", {"notes": "Hail"}, **forged)
        assert log()[0]["address"] == "192.0.2.7"

    @pytest.mark.parametrize("claimed", ["nonsense", "", "192.0.2.7:80", "\u0000"])
    def test_what_is_no_address_is_none(self, client, device, log, claimed):
        client.patch(f"/api/v1/devices/{device.pk}/", {"notes": "Hail"}, REMOTE_ADDR=claimed)
        assert log()[0]["address"] is None

    def test_the_name_stays_when_the_user_goes(self, client, device, technician, log):
        client.patch(f"/api/v1/devices/{device.pk}/", {"notes": "Hail"})
        technician.delete()
        entry = log(device=device.pk)[0]
        assert (entry["actor"], entry["actor_id"]) == ("tess", None)


class TestWhat:
    def test_a_device_with_its_metric_is_created(self, client, site, log):
        client.post("/api/v1/devices/", {"site": site.pk, "name": "Roof", "kind": "pv_array"})
        device, metric = sorted(log(), key=lambda entry: entry["kind"])
        assert told([device, metric]) == [
            ("device", "created", "Roof"),
            ("metric", "created", "Roof › DC power"),
        ]
        assert fields(device)["site"] == (None, site.pk)
        assert fields(metric)["unit"] == (None, "W")
        assert (metric["site"], metric["device"]) == (site.pk, device["object"])

    def test_nothing_is_written_where_nothing_changed(self, client, device, log):
        client.patch(f"/api/v1/devices/{device.pk}/", {"name": device.name})
        assert log() == []

    def test_a_moved_device_is_told_to_either_site_without_the_other(self, device, site, log):
        other = SiteFactory()
        log.begin()
        device.site = other
        device.save()
        left, came = sorted(log(), key=lambda entry: entry["site"] != site.pk)
        assert (left["site"], fields(left)) == (site.pk, {"site": (site.pk, None)})
        assert (came["site"], fields(came)) == (other.pk, {"site": (None, other.pk)})

    def test_long_texts_are_cut(self, client, device, log):
        client.patch(f"/api/v1/devices/{device.pk}/", {"notes": "x" * 10_000})
        assert fields(log()[0])["notes"] == ("", "x" * 1_000 + "…")

    def test_who_may_see_a_site_is_told_to_the_site(self, site, outsider, log):
        SiteAssignment.objects.create(site=site, user=outsider)
        SiteAssignment.objects.get(site=site, user=outsider).delete()
        assert told(log()) == [
            ("assignment", "created", "olga → Harbour depot"),
            ("assignment", "deleted", "olga → Harbour depot"),
        ]
        assert {entry["site"] for entry in log()} == {site.pk}

    def test_who_may_see_a_site_by_its_relation(self, site, outsider, log):
        site.users.add(outsider)
        site.users.remove(outsider)
        assert [entry[:2] for entry in told(log())] == [
            ("assignment", "created"),
            ("assignment", "deleted"),
        ]

    def test_a_tokens_secret_and_digest_are_never_written(self, technician, log, caplog):
        answer = (
            APIClient()
            .post("/api/v1/auth/login/", {"username": "tess", "password": PASSWORD})
            .json()
        )
        token = ApiToken.objects.get()
        client = APIClient()
        client.credentials(HTTP_AUTHORIZATION=f"Token {answer['token']}")
        client.post("/api/v1/auth/logout/")
        entries = log()
        assert told(entries) == [
            ("token", "created", "Sign-in through the API of tess"),
            ("token", "deleted", "Sign-in through the API of tess"),
        ]
        assert [entry["actor"] for entry in entries] == ["tess", "tess"]
        assert {entry["object"] for entry in entries} == {None}
        kept = _stored()
        for secret in (answer["token"], token.digest, token.token_key, token.token_key[:8]):
            assert secret not in kept

    def test_using_a_token_is_no_change(self, technician, log):
        client = by_token(technician)
        log.begin()
        client.get("/api/v1/me/")
        assert ApiToken.objects.get().last_used_at is not None
        assert log() == []

    def test_a_password_is_written_as_changed_and_never_shown(self, technician, log):
        old = technician.password
        technician.set_password("another horse")
        technician.save()
        (entry,) = log()
        assert fields(entry) == {"password": ("(hidden)", "(hidden)")}
        for secret in (old, technician.password, technician.password[-8:], "another horse"):
            assert secret not in _stored()

    def test_signing_in_changes_nothing(self, technician, log, client):
        Client().post("/login/", {"username": "tess", "password": PASSWORD})
        technician.refresh_from_db()
        assert technician.last_login is not None
        assert log() == []

    def test_a_subscription_and_its_metrics(self, client, metric, log):
        body = {"name": "All power", "metrics": [metric.pk]}
        created = client.post("/api/v1/subscriptions/", body).json()
        client.patch(f"/api/v1/subscriptions/{created['id']}/", {"metrics": []})
        client.delete(f"/api/v1/subscriptions/{created['id']}/")
        first, added, removed, last = log()
        assert told([first, last]) == [
            ("subscription", "created", "All power of tess"),
            ("subscription", "deleted", "All power of tess"),
        ]
        assert names(added) == ("metrics", ["Main meter › Active power"], [])
        assert names(removed) == ("metrics", [], ["Main meter › Active power"])
        assert {entry["site"] for entry in log()} == {None}

    def test_of_many_metrics_the_first_are_named_and_the_others_counted(
        self, device, standard, log, django_assert_max_num_queries
    ):
        metrics = MetricFactory.create_batch(60, device=device)
        subscription = SubscriptionFactory(owner=standard)
        log.begin()
        with django_assert_max_num_queries(8):
            subscription.metrics.add(*metrics)
        (change,) = log()[0]["changes"]
        assert (len(change["added"]), change["more"]) == (50, 10)


class TestMembership:
    def test_joining_and_leaving_a_group(self, outsider, log):
        group = Group.objects.get(name="technician")
        outsider.groups.add(group)
        outsider.groups.remove(group)
        joined, left = log()
        assert told([joined, left]) == [("user", "changed", "olga")] * 2
        assert names(joined) == ("groups", ["technician"], [])
        assert names(left) == ("groups", [], ["technician"])

    def test_joining_again_is_no_change(self, technician, log):
        technician.groups.add(Group.objects.get(name="technician"))
        assert log() == []

    def test_leaving_all_groups_names_those_alone(self, technician, log):
        technician.groups.clear()
        (entry,) = log()
        assert names(entry) == ("groups", [], ["technician"])

    def test_from_the_groups_side_each_user_is_named(self, technician, outsider, log):
        group = Group.objects.get(name="technician")
        group.user_set.set([outsider])
        assert sorted((entry["name"], *names(entry)) for entry in log()) == [
            ("olga", "groups", ["technician"], []),
            ("tess", "groups", [], ["technician"]),
        ]

    def test_clearing_a_group_from_its_side(self, technician, log):
        Group.objects.get(name="technician").user_set.clear()
        assert [(entry["name"], *names(entry)) for entry in log()] == [
            ("tess", "groups", [], ["technician"])
        ]

    def test_a_group_that_goes_takes_its_memberships(self, admin, technician, log):
        group = Group.objects.get(name="technician")
        admin.post(f"{ADMIN}/auth/group/{group.pk}/delete/", {"post": "yes"})
        lost, gone = log()
        assert names(lost) == ("groups", [], ["technician"])
        assert told([lost, gone]) == [
            ("user", "changed", "tess"),
            ("group", "deleted", "technician"),
        ]

    def test_the_permissions_of_groups_and_users(self, outsider, log):
        permission = Permission.objects.get(codename="add_site")
        group = Group.objects.create(name="planners")
        group.permissions.add(permission)
        outsider.user_permissions.set([permission])
        created, given, own = log()
        assert told([created]) == [("group", "created", "planners")]
        assert (given["kind"], *names(given)) == ("group", "permissions", [str(permission)], [])
        assert (own["kind"], *names(own)) == ("user", "user_permissions", [str(permission)], [])


class TestManyAtOnce:
    def test_an_update_of_several_rows(self, device, log, django_assert_max_num_queries):
        MetricFactory.create_batch(20, device=device)
        log.begin()
        with django_assert_max_num_queries(9):
            assert device.metrics.update(expected_interval=300) == 21
        entries = log()
        assert len(entries) == 21
        assert {entry["device"] for entry in entries} == {device.pk}
        assert all(fields(entry) == {"expected_interval": (60, 300)} for entry in entries)

    def test_rows_that_stay_as_they_are_have_no_entry(self, device, log):
        MetricFactory(device=device, expected_interval=300)
        log.begin()
        device.metrics.update(expected_interval=300)
        assert told(log()) == [("metric", "changed", "Main meter › Active power")]

    def test_an_update_that_moves_rows_out_of_its_own_filter(self, metric, log):
        Metric.objects.filter(unit="W").update(unit="kW")
        assert [fields(entry) for entry in log()] == [{"unit": ("W", "kW")}]

    def test_a_bulk_update(self, device, log):
        metrics = list(device.metrics.all())
        for metric in metrics:
            metric.name = "Power"
        Metric.objects.bulk_update(metrics, ["name"])
        assert [fields(entry) for entry in log()] == [{"name": ("Active power", "Power")}]

    def test_a_bulk_creation(self, device, log):
        made = [Metric(device=device, key=f"k{n}", name=f"K{n}", unit="1") for n in range(3)]
        Metric.objects.bulk_create(made)
        assert told(log()) == [("metric", "created", f"Main meter › K{n}") for n in range(3)]
        assert [entry["object"] for entry in log()] == [metric.pk for metric in made]

    @pytest.mark.parametrize("how", ["ignore_conflicts", "update_conflicts"])
    def test_a_bulk_creation_that_nobody_could_tell_of_is_refused(self, device, how):
        with pytest.raises(ValueError, match="could not be told"):
            Metric.objects.bulk_create([Metric(device=device, key="k")], **{how: True})

    def test_a_deletion_of_several_rows(self, device, log):
        MetricFactory.create_batch(2, device=device)
        log.begin()
        Metric.objects.filter(device=device, key__startswith="metric_").delete()
        assert [entry[:2] for entry in told(log())] == [("metric", "deleted")] * 2

    def test_the_tokens_that_are_revoked_together(self, technician, log):
        client = by_token(technician)
        by_token(technician)
        log.begin()
        client.post("/api/v1/auth/logoutall/")
        assert [entry[:2] for entry in told(log())] == [("token", "deleted")] * 2
        assert {entry["via"] for entry in log()} == {"token"}

    def test_an_action_of_the_admin_on_several_rows(self, admin, site, log):
        devices = DeviceFactory.create_batch(2, site=site)
        log.begin()
        chosen = {"_selected_action": [device.pk for device in devices], "post": "yes"}
        admin.post(f"{ADMIN}/devices/device/", {"action": "delete_selected", **chosen})
        assert sorted(entry[:2] for entry in told(log())) == [
            ("device", "deleted"),
            ("device", "deleted"),
            ("metric", "deleted"),
            ("metric", "deleted"),
        ]
        assert {entry["actor"] for entry in log()} == {"ada"}

    def test_what_cascades_from_a_site(self, admin, site, log):
        admin.post(f"{ADMIN}/sites/site/{site.pk}/delete/", {"post": "yes"})
        assert sorted(entry[0] for entry in told(log())) == [
            "assignment",
            "assignment",
            "device",
            "metric",
            "site",
        ]
        assert {entry["site"] for entry in log()} == {site.pk}

    def test_what_cascades_from_a_user_takes_no_query_for_each_name(self, log):
        counts = []
        for sites in (1, 21):
            user = UserFactory()
            for _ in range(sites):
                SiteAssignment.objects.create(site=SiteFactory(), user=user)
            counts.append(_queries(user.delete))
        assert counts[1] - counts[0] == 20  # an entry each

    def test_an_import_and_not_its_preview(self, admin, log):
        url = f"{ADMIN}/sites/site/import/"
        shown = preview(admin, url, "slug,name,time_zone\nnorth,North,UTC\nsouth,South,UTC\n")
        assert log() == []
        assert confirm(admin, url, shown).status_code == 302
        assert told(log()) == [("site", "created", "North"), ("site", "created", "South")]
        assert {entry["actor"] for entry in log()} == {"ada"}


class TestReadings:
    def test_a_deletion_says_of_which_metric_when_and_how_many(
        self, client, metric, technician, log
    ):
        store(metric, {NOON: 1.0, NOON.replace(minute=30): 2.0})
        window = "start=2026-06-01T12:30:00Z&end=2026-06-01T13:00:00Z"
        client.delete(f"/api/v1/metrics/{metric.pk}/readings/?{window}")
        (entry,) = log()
        assert told([entry]) == [("readings", "deleted", "Main meter › Active power")]
        assert (entry["object"], entry["actor"]) == (metric.pk, "tess")
        assert fields(entry) == {
            "count": (1, None),
            "start": ("2026-06-01T12:30:00+00:00", None),
            "end": ("2026-06-01T13:00:00+00:00", None),
        }

    def test_readings_that_arrive_write_nothing(
        self, technician, metric, log, django_assert_max_num_queries
    ):
        client = by_token(technician)
        body = {"readings": [{"metric": metric.pk, "timestamp": NOON.isoformat(), "value": 1}]}
        assert client.post("/api/v1/readings/", body).status_code == 200
        log.begin()
        body["readings"][0]["value"] = 2
        # token, permissions, savepoint, lock, readings, latest, release
        with django_assert_max_num_queries(7) as captured:
            assert client.post("/api/v1/readings/", body).status_code == 200
        assert not [query for query in captured if "changes_change" in query["sql"]]
        assert log() == []


class TestTogether:
    def test_what_is_rolled_back_leaves_no_entry(self, device, log):
        device.name = "Never"
        with transaction.atomic():
            device.save()
            device.metrics.update(name="Never")
            assert len(log()) == 2
            transaction.set_rollback(True)
        assert log() == []

    def test_what_the_database_refuses_leaves_no_entry(self, client, device, metric, log):
        other = MetricFactory(device=device)
        log.begin()
        answer = client.patch(f"/api/v1/metrics/{other.pk}/", {"key": metric.key})
        assert answer.status_code == 400
        assert log() == []


def _stored() -> str:
    """All that is stored of changes."""
    return str(list(Change.objects.values()))


def _queries(act: Any) -> int:
    with CaptureQueriesContext(connection) as captured:
        act()
    return len(captured)

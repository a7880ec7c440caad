"""`discovered/` and `aliases/`: who sees names from outside, and what they make of them."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase as HypothesisTestCase

from accounts.models import User
from devices.models import Device
from ingest.models import Alias, Discovered
from ingest.naming.services import accept, let_go_of_the_old
from ingest.sender import OPERATOR, Sender
from ingest.tasks import drop_old_waiting_readings
from metrics.models import Latest, Metric
from sites.models import Site
from tests.support.factories import DeviceFactory, MetricFactory, UserFactory
from tests.support.outside import NOON, POWER, bring, history
from tests.support.readings import store

ADDRESS = "/api/v1/discovered/"
ALIASES = "/api/v1/aliases/"
SOURCE = "Home Assistant"


@pytest.fixture
def sender(technician: User, site: Site) -> Sender:
    return Sender(technician, SOURCE, site.pk)


@pytest.fixture
def client(technician: User, api_client_for: Any) -> Any:
    return api_client_for(technician)


@pytest.fixture
def row(sender: Sender) -> Discovered:
    """A name in kW with three readings that wait."""
    bring(sender, {POWER: [(0, 1), (60, 2.5), (0, 3)]}, unit="kW", type="gauge", name="Solar power")
    return Discovered.objects.get()


def faults(answer: Any, status: int = 400) -> list[tuple[str, str]]:
    assert answer.status_code == status, answer.content
    return [(error["field"], error["code"]) for error in answer.json()["errors"]]


def accepted(client: Any, row: Discovered, **body: Any) -> Any:
    return client.post(f"{ADDRESS}{row.pk}/accept/", body)


# Who sees what -----------------------------------------------------------------------------


def test_a_name_is_listed_with_what_is_known_of_it(
    client: Any, row: Discovered, site: Site
) -> None:
    answer = client.get(ADDRESS).json()
    assert answer["count"] == 1
    assert answer["results"][0] == {
        "id": row.pk,
        "source": SOURCE,
        "site": site.pk,
        "owner": None,
        "name": POWER,
        "unit": "kW",
        "type": "gauge",
        "friendly_name": "Solar power",
        "device_name": "",
        "count": 2,  # the same instant twice in a request is one reading
        "waiting": 2,
        "dropped": 0,
        "interval": None,
        "first_seen": "2026-06-01T12:00:00Z",
        "last_seen": "2026-06-01T12:00:00Z",
        "latest": {"value": 2.5, "timestamp": "2026-06-01T12:01:00Z"},
        "state": "waiting",
    }
    assert client.get(f"{ADDRESS}{row.pk}/").json() == answer["results"][0]


def test_names_are_seen_by_whose_they_are(
    technician: User, administrator: User, foreign_site: Site, site: Site, api_client_for: Any
) -> None:
    other = UserFactory(group="technician")
    senders = {
        "site": Sender(technician, SOURCE, site.pk),
        "foreign": Sender(OPERATOR, SOURCE, foreign_site.pk),
        "own": Sender(technician, SOURCE),
        "other's": Sender(other, SOURCE),
        "operator's": Sender(OPERATOR, "mqtt"),
    }
    for name, sender in senders.items():
        bring(sender, {name: [(0, 1)]})

    def seen(user: User) -> set[str]:
        return {each["name"] for each in api_client_for(user).get(ADDRESS).json()["results"]}

    assert seen(technician) == {"site", "own"}
    assert seen(other) == {"other's"}
    assert seen(administrator) == senders.keys()


def test_who_is_no_technician_may_not_look(
    standard: User, outsider: User, api_client_for: Any, row: Discovered
) -> None:
    for address in (ADDRESS, ALIASES, f"{ADDRESS}{row.pk}/"):
        assert api_client_for(standard).get(address).status_code == 403
    assert api_client_for(outsider).get(f"{ADDRESS}{row.pk}/").status_code == 404


def test_the_list_is_filtered_searched_and_ordered(
    client: Any, sender: Sender, site: Site, technician: User
) -> None:
    bring(sender, {"a/power": [(0, 1)], "b/energy": [(0, 1), (60, 2)]})
    bring(Sender(technician, "mqtt"), {"c": [(0, 1)]})
    Discovered.objects.filter(name="a/power").update(is_ignored=True)

    def names(**query: Any) -> list[str]:
        return [each["name"] for each in client.get(ADDRESS, query).json()["results"]]

    assert names(ordering="-waiting") == ["b/energy", "c"]
    assert names(site=site.pk) == ["b/energy"]
    assert names(source="mqtt") == ["c"]
    assert names(state="ignored") == ["a/power"]
    assert names(search="ENERGY") == ["b/energy"]
    assert faults(client.get(ADDRESS, {"state": "gone"})) == [("state", "invalid_choice")]
    assert faults(client.get(ADDRESS, {"colour": "red"})) == [("colour", "unknown_parameter")]


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("address", [ADDRESS, ALIASES])
def test_a_list_takes_the_same_number_of_queries_however_long(
    client: Any,
    sender: Sender,
    metric: Metric,
    count: int,
    address: str,
    django_assert_num_queries: Any,
) -> None:
    for index in range(count):
        bring(sender, {f"name {index}": [(0, 1)]})
        scope = {"source": SOURCE, **sender.scope}
        Alias.objects.create(name=f"known {index}", metric=metric, **scope)
    with django_assert_num_queries(5):  # session, user, permissions, count, page
        assert client.get(address).json()["count"] == count


# Accepting ---------------------------------------------------------------------------------


def test_accepting_for_a_metric_stores_what_waited(
    client: Any, row: Discovered, metric: Metric, sender: Sender
) -> None:
    answer = accepted(client, row, metric=metric.pk, factor=1000, sign=-1)
    alias = Alias.objects.get()
    assert answer.status_code == 200, answer.content
    assert answer.json() == {"alias": alias.pk, "metric": metric.pk, "stored": 2, "refused": 0}
    assert (alias.factor, alias.sign, alias.site_id) == (1000.0, -1, metric.device.site_id)
    assert history(metric) == {0: -3000.0, 60: -2500.0}
    assert Latest.objects.get(metric=metric).value == -2500.0
    assert not Discovered.objects.exists()
    assert bring(sender, {POWER: [(90, 1)]}).accepted == 1


def test_the_factor_leads_from_the_guessed_unit_unless_another_is_given(
    client: Any, row: Discovered, metric: Metric
) -> None:
    accepted(client, row, metric=metric.pk)
    assert Alias.objects.get().factor == 1000.0
    assert history(metric)[60] == 2500.0


def test_where_no_factor_leads_from_one_unit_to_the_other_one_has_to_be_given(
    client: Any, row: Discovered, device: Device
) -> None:
    warm = MetricFactory(device=device, unit="°C")
    assert faults(accepted(client, row, metric=warm.pk)) == [("factor", "no_factor")]
    assert accepted(client, row, metric=warm.pk, factor=1).status_code == 200


def test_accepting_for_a_device_makes_the_metric_that_the_name_tells_of(
    client: Any, row: Discovered, device: Device
) -> None:
    answer = accepted(client, row, device=device.pk, key="solar_power")
    made = Metric.objects.get(pk=answer.json()["metric"])
    assert (made.device, made.key, made.name) == (device, "solar_power", "Solar power")
    assert (made.unit, made.type) == ("kW", "gauge")
    assert history(made) == {0: 3.0, 60: 2.5}


def test_a_new_metric_may_be_described_in_full(
    client: Any, row: Discovered, device: Device
) -> None:
    body = {"key": "solar_power", "name": "Sun", "unit": "W", "type": "state", "sign": -1}
    made = Metric.objects.get(pk=accepted(client, row, device=device.pk, **body).json()["metric"])
    assert (made.name, made.unit, made.type) == ("Sun", "W", "state")
    assert history(made) == {0: -3000.0, 60: -2500.0}


def test_what_cannot_be_accepted_leaves_everything_as_it_was(
    client: Any, row: Discovered, metric: Metric, foreign_metric: Metric, foreign_device: Device
) -> None:
    device = metric.device.pk
    for body, expected in (
        ({}, [("device", "required"), ("key", "required")]),
        ({"device": device}, [("key", "required")]),
        ({"metric": metric.pk, "key": "x"}, [("key", "contradiction")]),
        ({"metric": foreign_metric.pk}, [("metric", "does_not_exist")]),
        ({"device": foreign_device.pk, "key": "x"}, [("device", "does_not_exist")]),
        ({"device": device, "key": "active_power"}, [("key", "unique")]),
        ({"device": device, "key": "Not a key"}, [("key", "invalid")]),
        ({"device": device, "key": "x", "unit": "KW"}, [("unit", "misspelt_unit")]),
        ({"metric": metric.pk, "factor": 0}, [("factor", "min_value")]),
        ({"metric": metric.pk, "factor": -1}, [("factor", "min_value")]),
        ({"metric": metric.pk, "factor": "1"}, [("factor", "invalid")]),
        ({"metric": metric.pk, "sign": 2}, [("sign", "sign")]),
        ({"metric": metric.pk, "colour": "red"}, [("colour", "unknown_field")]),
    ):
        assert faults(accepted(client, row, **body)) == expected
    assert Discovered.objects.get().waiting == 2
    assert not Alias.objects.exists()
    assert Metric.objects.count() == 2
    assert history(metric) == {}


def test_a_name_of_a_site_stands_for_its_metrics_alone(
    administrator: User, api_client_for: Any, row: Discovered, foreign_metric: Metric
) -> None:
    answer = accepted(api_client_for(administrator), row, metric=foreign_metric.pk)
    assert faults(answer) == [("metric", "does_not_exist")]


def test_a_name_of_the_operator_is_accepted_by_administrators_alone(
    client: Any, administrator: User, api_client_for: Any, metric: Metric
) -> None:
    bring(Sender(OPERATOR, "mqtt"), {POWER: [(0, 1)]})
    row = Discovered.objects.get()
    assert accepted(client, row, metric=metric.pk).status_code == 404
    answer = accepted(api_client_for(administrator), row, metric=metric.pk)
    assert answer.json()["stored"] == 1
    assert bring(Sender(OPERATOR, "mqtt"), {POWER: [(60, 1)]}).accepted == 1


def test_who_sees_a_name_and_may_not_decide_is_told_so(
    standard: User, outsider: User, api_client_for: Any, row: Discovered, metric: Metric
) -> None:
    for user, status in ((standard, 403), (outsider, 404)):
        client = api_client_for(user)
        assert accepted(client, row, metric=metric.pk).status_code == status
        for verb in (client.post, client.delete):
            assert verb(f"{ADDRESS}{row.pk}/ignore/").status_code == status


def test_a_reading_that_waited_takes_the_place_of_one_that_was_stored(
    client: Any, row: Discovered, metric: Metric
) -> None:
    store(metric, {NOON: 7.0, NOON + timedelta(seconds=30): 8.0})
    accepted(client, row, metric=metric.pk, factor=1)
    assert history(metric) == {0: 3.0, 30: 8.0, 60: 2.5}


def test_readings_that_the_factor_makes_infinite_are_counted(
    client: Any, sender: Sender, metric: Metric
) -> None:
    bring(sender, {POWER: [(0, 1e300), (60, 1)]})
    answer = accepted(client, Discovered.objects.get(), metric=metric.pk, factor=1e300)
    assert (answer.json()["stored"], answer.json()["refused"]) == (1, 1)


def test_a_factor_that_leaves_nothing_of_what_waited_is_refused(
    client: Any, sender: Sender, metric: Metric
) -> None:
    bring(sender, {POWER: [(0, 1e300)]})
    answer = accepted(client, Discovered.objects.get(), metric=metric.pk, factor=1e300)
    assert (answer.status_code, faults(answer)) == (400, [("factor", "too_large")])
    assert Discovered.objects.get().waiting == 1


# Ignoring ----------------------------------------------------------------------------------


def test_a_name_is_ignored_for_good_until_that_is_taken_back(
    client: Any, row: Discovered, sender: Sender
) -> None:
    address = f"{ADDRESS}{row.pk}/ignore/"
    told = client.post(address).json()
    assert (told["state"], told["waiting"], told["dropped"]) == ("ignored", 0, 2)
    assert bring(sender, {POWER: [(90, 1)]}).ignored == 1
    assert client.delete(address).json()["state"] == "waiting"
    assert bring(sender, {POWER: [(90, 1)]}).waiting == 1


def test_what_has_waited_too_long_is_dropped_and_ignored_names_stay(sender: Sender) -> None:
    bring(sender, {"old": [(0, 1)], "both": [(0, 1), (60, 2)], "ignored": [(0, 1)]})
    Discovered.objects.filter(name="ignored").update(is_ignored=True)
    bring(sender, {"both": [(90, 3)]}, now=NOON + timedelta(days=5))
    assert let_go_of_the_old(NOON + timedelta(days=8), 7) == 4
    assert set(Discovered.objects.values_list("name", flat=True)) == {"both", "ignored"}
    both = Discovered.objects.get(name="both")
    assert (both.waiting, both.dropped, both.count) == (1, 2, 3)


# Aliases -----------------------------------------------------------------------------------


def test_an_alias_is_made_read_changed_and_deleted(
    client: Any, site: Site, metric: Metric, sender: Sender
) -> None:
    told = {"source": SOURCE, "site": site.pk, "name": POWER, "metric": metric.pk}
    made = client.post(ALIASES, told)
    assert made.status_code == 201, made.content
    alias = made.json()
    expected = {**told, "id": alias["id"], "owner": None, "factor": 1.0, "sign": 1}
    assert alias == expected
    bring(sender, {POWER: [(0, 1)]})
    address = f"{ALIASES}{alias['id']}/"
    assert client.patch(address, {"factor": 1000, "sign": -1}).json()["factor"] == 1000.0
    bring(sender, {POWER: [(60, 1)]})
    assert history(metric) == {0: 1.0, 60: -1000.0}  # what was stored stays
    assert client.put(address, {**told, "factor": 2}).json()["factor"] == 2.0
    assert client.delete(address).status_code == 204
    assert bring(sender, {POWER: [(90, 1)]}).waiting == 1


def test_without_a_site_an_alias_is_ones_own(
    client: Any, metric: Metric, technician: User, administrator: User, api_client_for: Any
) -> None:
    told = {"source": "mqtt", "name": POWER, "metric": metric.pk}
    made = client.post(ALIASES, told)
    assert made.status_code == 201, made.content
    assert made.json()["owner"] == technician.pk
    refused = client.post(ALIASES, {**told, "name": "x", "owner": None})
    assert faults(refused) == [("owner", "not_allowed")]
    operators = api_client_for(administrator).post(ALIASES, {**told, "owner": None})
    assert operators.json()["owner"] is None
    assert bring(Sender(OPERATOR, "mqtt"), {POWER: [(0, 1)]}).accepted == 1
    assert client.get(ALIASES).json()["count"] == 1


def test_making_an_alias_by_hand_stores_what_waited(
    client: Any, row: Discovered, metric: Metric, site: Site
) -> None:
    told = {"source": SOURCE, "site": site.pk, "name": POWER, "metric": metric.pk, "factor": 10}
    assert client.post(ALIASES, told).status_code == 201
    assert history(metric) == {0: 30.0, 60: 25.0}
    assert not Discovered.objects.exists()


def test_what_an_alias_cannot_be_is_refused(
    client: Any, site: Site, foreign_site: Site, metric: Metric, foreign_metric: Metric
) -> None:
    told = {"source": SOURCE, "site": site.pk, "name": POWER, "metric": metric.pk}
    alias = client.post(ALIASES, told).json()
    assert faults(client.post(ALIASES, told), 409) == [("name", "unique")]
    for change, expected in (
        ({"metric": foreign_metric.pk}, ("metric", "does_not_exist")),
        ({"site": foreign_site.pk}, ("site", "does_not_exist")),
        ({"name": "a\nb"}, ("name", "invalid_name")),
        ({"name": ""}, ("name", "blank")),
        ({"sign": 0}, ("sign", "sign")),
        ({"factor": 0}, ("factor", "min_value")),
    ):
        assert faults(client.post(ALIASES, {**told, "name": "new", **change})) == [expected]
    for change in ({"name": "x"}, {"source": "x"}, {"site": None}):
        answer = client.patch(f"{ALIASES}{alias['id']}/", change)
        assert faults(answer) == [(next(iter(change)), "immutable")]
    assert Alias.objects.count() == 1


def test_an_alias_is_hidden_with_its_metric(
    client: Any, technician: User, foreign_metric: Metric
) -> None:
    alias = Alias.objects.create(owner=technician, source=SOURCE, name=POWER, metric=foreign_metric)
    assert client.get(ALIASES).json()["count"] == 0
    assert client.get(f"{ALIASES}{alias.pk}/").status_code == 404


def test_changes_of_aliases_are_written_down(
    client: Any, row: Discovered, metric: Metric, technician: User
) -> None:
    accepted(client, row, metric=metric.pk)
    client.patch(f"{ALIASES}{Alias.objects.get().pk}/", {"factor": 2})
    MetricFactory(device=metric.device)
    metric.delete()
    told = client.get("/api/v1/changes/", {"search": POWER}).json()["results"]
    assert [(each["kind"], each["action"], each["actor"]) for each in told] == [
        ("alias", "deleted", None),
        ("alias", "changed", "tess"),
        ("alias", "created", "tess"),
    ]
    assert {each["site"] for each in told} == {metric.device.site_id}


# Any order ---------------------------------------------------------------------------------

ARRIVAL = st.lists(st.tuples(st.integers(0, 5), st.floats(-1e6, 1e6)), max_size=4)
STEP = st.one_of(ARRIVAL, st.just("accept"), st.just("delete the alias"))


class AnyOrderOfArrivals(HypothesisTestCase):
    """Whatever comes in whatever order, no reading is lost, and none is stored otherwise."""

    @settings(max_examples=50)
    @given(st.lists(STEP, max_size=12), st.floats(0.001, 1000), st.sampled_from([1, -1]))
    def test_once_accepted_the_metric_has_exactly_what_came(
        self, steps: Any, factor: float, sign: int
    ) -> None:
        metric = DeviceFactory().metrics.get()
        sender = Sender(OPERATOR, SOURCE, metric.device.site_id)
        expected: dict[int, float] = {}
        for step in [*steps, [(0, 1.0)], "accept"]:
            if step == "accept":
                for row in Discovered.objects.of(sender):
                    accept(row, metric, OPERATOR, factor=factor, sign=sign)
            elif step == "delete the alias":
                Alias.objects.of(sender).delete()
            else:
                bring(sender, {POWER: step})
                expected |= dict(step)
        stored = {at: value * (factor * sign) + 0.0 for at, value in expected.items()}
        assert history(metric) == stored


def test_the_worker_drops_what_waited_too_long(row: Discovered) -> None:
    drop_old_waiting_readings.call_local()
    assert not Discovered.objects.exists()

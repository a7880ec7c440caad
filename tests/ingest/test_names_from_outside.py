"""Names from outside at the door: aliases, names that nothing maps, and their bounds."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from accounts.models import ApiToken, User
from devices.models import Device
from ingest.discovering import lock_names, propose, waiting_readings
from ingest.models import Alias, Discovered
from ingest.names import ExternalName, Guess
from ingest.sender import OPERATOR, Sender
from metrics.models import Metric
from sites.models import Site, SiteAssignment
from tests.support.factories import MetricFactory
from tests.support.outside import NOON, POWER, bring, history


@pytest.fixture
def sender(technician: User, site: Site) -> Sender:
    """A token that is bound to the Site."""
    return Sender(technician, "Home Assistant", site.pk)


def map_to(metric: Metric, sender: Sender, name: str = POWER, **more: Any) -> Alias:
    return Alias.objects.create(
        metric=metric, name=name, source=sender.source, **sender.scope, **more
    )


def codes(received: Any) -> list[tuple[int, str]]:
    return [(rejection.index, rejection.code) for rejection in received.rejections]


def waiting(name: str = POWER) -> list[tuple[int, float]]:
    """What waits, as (seconds after noon, value), in the order of arrival."""
    times, values = waiting_readings(Discovered.objects.get(name=name))
    since = (times - int(NOON.timestamp()) * 1_000_000) // 1_000_000
    return list(zip(since.tolist(), values.tolist(), strict=True))


# Aliases ---------------------------------------------------------------------------------


def test_an_alias_stores_the_value_times_factor_and_sign(sender: Sender, metric: Metric) -> None:
    map_to(metric, sender, factor=1000, sign=-1)
    received = bring(sender, {POWER: [(0, 1.5), (60, 2)]})
    assert (received.accepted, received.waiting) == (2, 0)
    assert history(metric) == {0: -1500.0, 60: -2000.0}


def test_an_alias_means_something_in_its_own_scope_alone(
    sender: Sender, technician: User, metric: Metric, foreign_site: Site
) -> None:
    map_to(metric, sender)
    others = [
        Sender(technician, "Another token", metric.device.site_id),
        Sender(technician, "Home Assistant"),
        Sender(technician, "Home Assistant", foreign_site.pk),
        Sender(OPERATOR, "Home Assistant"),
    ]
    for other in others:
        assert bring(other, {POWER: [(0, 1.5)]}).waiting == 1
    assert history(metric) == {}
    assert Discovered.objects.count() == len(others)


def test_several_names_may_stand_for_one_metric(sender: Sender, metric: Metric) -> None:
    map_to(metric, sender, "a")
    map_to(metric, sender, "b", factor=2)
    bring(sender, {"a": [(0, 1)], "b": [(60, 1)]})
    assert history(metric) == {0: 1.0, 60: 2.0}


def test_a_metric_that_the_sender_no_longer_sees_is_refused(
    technician: User, metric: Metric
) -> None:
    sender = Sender(technician, "Home Assistant")
    map_to(metric, sender)
    SiteAssignment.objects.filter(user=technician).delete()
    assert codes(bring(sender, {POWER: [(0, 1)]})) == [(0, "unknown_metric")]


def test_an_alias_that_leads_out_of_the_site_of_the_token_is_refused(
    administrator: User, site: Site, foreign_metric: Metric
) -> None:
    sender = Sender(administrator, "Home Assistant", site.pk)
    map_to(foreign_metric, sender)
    assert codes(bring(sender, {POWER: [(0, 1)]})) == [(0, "unknown_metric")]


def test_a_value_that_its_factor_makes_infinite_is_refused(sender: Sender, metric: Metric) -> None:
    map_to(metric, sender, factor=1e300)
    assert codes(bring(sender, {POWER: [(0, 1e300), (60, 1)]})) == [(0, "not_finite")]
    assert history(metric) == {60: 1e300}


def test_an_alias_goes_before_slugs_and_slugs_before_waiting(
    sender: Sender, metric: Metric, device: Device
) -> None:
    other = MetricFactory(device=device)
    slugs = ("harbour-depot", "main-meter", "active_power")
    named = ExternalName("meter/power", slugs)
    assert bring(sender, {named: [(0, 1)]}).accepted == 1
    assert history(metric) == {0: 1.0}
    map_to(other, sender, "meter/power")
    bring(sender, {named: [(60, 2)]})
    assert (history(metric), history(other)) == ({0: 1.0}, {60: 2.0})
    nobodys = ExternalName("meter/current", ("harbour-depot", "main-meter", "current"))
    assert bring(sender, {nobodys: [(0, 1)]}).waiting == 1


def test_deleting_a_metric_deletes_its_aliases_and_the_name_waits_anew(
    sender: Sender, metric: Metric
) -> None:
    MetricFactory(device=metric.device)
    map_to(metric, sender)
    metric.delete()
    assert not Alias.objects.exists()
    assert bring(sender, {POWER: [(0, 1)]}).waiting == 1


def test_a_name_has_one_alias_in_its_scope(sender: Sender, metric: Metric) -> None:
    for each in (sender, Sender(sender.user, "x"), Sender(OPERATOR, "mqtt")):
        map_to(metric, each)
        with pytest.raises(IntegrityError), transaction.atomic():
            map_to(metric, each)


def test_of_a_token_come_its_user_its_name_and_its_site(technician: User, site: Site) -> None:
    token, _ = ApiToken.objects.create(user=technician, name="Roof", scope="ingest", site=site)
    assert Sender.of_token(technician, token) == Sender(technician, "Roof", site.pk)
    assert Sender.of_token(technician, None) == Sender(technician)


# Names that nothing maps -------------------------------------------------------------------


def test_readings_of_an_unknown_name_wait_with_what_is_known_of_it(
    sender: Sender, site: Site
) -> None:
    later = NOON + timedelta(seconds=70)
    told = {"unit": "kW", "type": "gauge", "name": "Solar power", "device_name": "Roof"}
    received = bring(sender, {POWER: [(60, 2), (0, 1)]}, **told)
    assert (received.accepted, received.waiting, received.rejections) == (0, 2, [])
    bring(sender, {POWER: [(30, 3)]}, now=later)
    row = Discovered.objects.get()
    assert (row.site, row.owner, row.source, row.name) == (site, None, "Home Assistant", POWER)
    assert (row.unit, row.type, row.friendly_name) == ("kW", "gauge", "Solar power")
    assert row.device_name == "Roof"
    assert (row.count, row.waiting, row.dropped) == (3, 3, 0)
    assert (row.first_seen, row.last_seen) == (NOON, later)
    assert (row.latest_value, row.latest_at) == (2.0, NOON + timedelta(seconds=60))
    assert waiting() == [(0, 1.0), (60, 2.0), (30, 3.0)]


def test_good_readings_are_stored_beside_those_that_wait(sender: Sender, metric: Metric) -> None:
    map_to(metric, sender, "known")
    received = bring(sender, {"known": [(0, 1)], "unknown": [(0, 2), (60, float("nan"))]})
    assert (received.accepted, received.waiting) == (1, 1)
    assert codes(received) == [(2, "not_finite")]


def test_unless_partial_a_bad_reading_leaves_nothing_behind(sender: Sender) -> None:
    received = bring(sender, {POWER: [(0, 1), (60, float("inf"))]}, partial=False)
    assert (received.waiting, codes(received)) == (0, [(1, "not_finite")])
    assert not Discovered.objects.exists()


def test_readings_of_an_ignored_name_are_dropped_quietly(sender: Sender) -> None:
    bring(sender, {POWER: [(0, 1)]})
    Discovered.objects.update(is_ignored=True)
    received = bring(sender, {POWER: [(60, float("nan")), (90, 1)]}, partial=False)
    assert (received.ignored, received.waiting, received.rejections) == (2, 0, [])
    assert waiting() == [(0, 1.0)]


def test_without_discovery_unknown_names_are_refused(sender: Sender, settings: Any) -> None:
    settings.INGEST_DISCOVER = False
    assert codes(bring(sender, {POWER: [(0, 1)]})) == [(0, "unknown_name")]
    assert not Discovered.objects.exists()


@pytest.mark.parametrize("name", ["", "x" * 501, "a\x00b", "a\nb", "\ud800"])
def test_a_name_that_cannot_be_kept_is_refused(sender: Sender, name: str) -> None:
    received = bring(sender, {name: [(0, 1)], "good": [(0, 1)]})
    assert (codes(received), received.waiting) == ([(0, "invalid_name")], 1)


def test_guesses_are_cut_to_what_can_be_kept(sender: Sender) -> None:
    bring(sender, {POWER: [(0, 1)]}, unit="k\x00W" + "x" * 30, type="nonsense", name="n\n" * 200)
    row = Discovered.objects.get()
    assert (row.unit, row.type, row.friendly_name) == ("kW" + "x" * 14, "", "n" * 120)


def test_a_source_may_announce_a_name_before_anything_comes(sender: Sender, metric: Metric) -> None:
    map_to(metric, sender, "mapped")
    names = [ExternalName(POWER, guess=Guess(unit="W")), ExternalName("mapped"), ExternalName("")]
    propose(names, sender, NOON)
    row = Discovered.objects.get()
    assert (row.name, row.unit, row.count, row.latest_at) == (POWER, "W", 0, None)
    bring(sender, {POWER: [(0, 1)]})
    assert Discovered.objects.get().count == 1


# Bounds ------------------------------------------------------------------------------------


def test_past_the_bound_new_names_are_refused_and_known_ones_go_on(
    sender: Sender, settings: Any
) -> None:
    settings.INGEST_DISCOVER_NAMES = 2
    received = bring(sender, {name: [(0, 1)] for name in "abc"})
    assert (received.waiting, codes(received)) == (2, [(2, "too_many_names")])
    assert "accept or ignore" in received.rejections[0].reason
    assert bring(sender, {name: [(60, 1)] for name in "abc"}).waiting == 2
    Discovered.objects.filter(name="a").update(is_ignored=True)
    assert bring(sender, {"c": [(0, 1)]}).waiting == 1
    other = Sender(sender.user, "Home Assistant")
    assert bring(other, {"d": [(0, 1)]}).waiting == 1


def test_past_the_bound_the_readings_that_came_first_are_let_go(
    sender: Sender, settings: Any
) -> None:
    settings.INGEST_DISCOVER_READINGS = 20
    for at in range(20):
        bring(sender, {POWER: [(at, at)]})
    row = Discovered.objects.get()
    assert (row.count, row.waiting, row.dropped) == (20, 20, 0)
    bring(sender, {POWER: [(20, 20)]})
    row = Discovered.objects.get()
    assert (row.count, row.waiting, row.dropped) == (21, 18, 3)
    assert waiting() == [(at, float(at)) for at in range(3, 21)]


def test_of_one_batch_that_is_too_large_the_newest_wait(sender: Sender, settings: Any) -> None:
    settings.INGEST_DISCOVER_READINGS = 10
    bring(sender, {POWER: [(at, at) for at in range(25)], "other": [(0, 1)]})
    row = Discovered.objects.get(name=POWER)
    assert (row.count, row.waiting, row.dropped) == (25, 9, 16)
    assert waiting() == [(at, float(at)) for at in range(16, 25)]
    assert waiting("other") == [(0, 1.0)]


@pytest.mark.parametrize("count", [1, 3, 50])
def test_the_number_of_queries_does_not_grow_with_the_names(
    count: int, sender: Sender, metric: Metric, django_assert_max_num_queries: Any
) -> None:
    names = [f"name {index}" for index in range(count)]
    for name in names:
        map_to(metric, sender, f"known {name}")
    bring(sender, {name: [(0, 1)] for name in names})
    with django_assert_max_num_queries(6):  # around: savepoint, its release
        bring(sender, {f"known {name}": [(0, 1)] for name in names})
    with django_assert_max_num_queries(8):
        bring(sender, {name: [(60, 1)] for name in names})


# At the same time --------------------------------------------------------------------------


def test_a_name_that_is_given_a_metric_meanwhile_is_looked_up_anew(
    sender: Sender, metric: Metric, monkeypatch: Any
) -> None:
    def mapped_first(names: Iterable[ExternalName], *rest: Any) -> Any:
        if not Alias.objects.exists():
            map_to(metric, sender, factor=2)
        return lock_names(names, *rest)

    monkeypatch.setattr("ingest.door.lock_names", mapped_first)
    received = bring(sender, {POWER: [(0, 1)], "unknown": [(0, 5)]})
    assert (received.accepted, received.waiting) == (1, 1)
    assert history(metric) == {0: 2.0}
    assert list(Discovered.objects.values_list("name", "count")) == [("unknown", 1)]


@pytest.mark.django_db(transaction=True)
def test_senders_of_the_same_unknown_names_at_once_lose_nothing(
    technician: User, site: Site
) -> None:
    sender = Sender(technician, "Home Assistant", site.pk)
    names = [f"name {index}" for index in range(20)]

    def send(at: int) -> int:
        try:
            order = names if at % 2 else names[::-1]
            return bring(sender, {name: [(at, at)] for name in order}).waiting
        finally:
            connection.close()

    writers = 4 if connection.vendor == "postgresql" else 1
    with ThreadPoolExecutor(writers) as pool:
        assert list(pool.map(send, range(12))) == [20] * 12
    for row in Discovered.objects.all():
        assert (row.count, row.waiting) == (12, 12)
        assert sorted(waiting_readings(row)[1]) == list(range(12))
    assert Discovered.objects.count() == 20

"""Messages of many Sites go through the door together."""

from datetime import UTC, datetime
from typing import Any

import pytest

from devices.models import Device
from ingest.models import Alias, Discovered
from ingest.mqtt.mapping import read_mapping
from ingest.mqtt.messages import Message
from ingest.mqtt.reading import Router
from ingest.mqtt.storing import store_messages
from metrics.models import Metric
from sites.models import Site
from tests.support.factories import DeviceFactory, SiteFactory
from tests.support.posting import NOON, stored

pytestmark = pytest.mark.django_db
NOW = int(datetime(2026, 6, 1, 13, tzinfo=UTC).timestamp()) * 1_000_000


def message(device: Device, value: float, key: str = "active_power", at: str = NOON) -> Message:
    topic = f"energy/{device.site.slug}/{device.slug}/{key}"
    return Message(topic, f'{{"value": {value}, "timestamp": "{at}"}}'.encode(), NOW)


@pytest.fixture
def router() -> Router:
    return Router(read_mapping(None).rules)


@pytest.mark.parametrize("unknown", [False, True])
def test_as_many_queries_for_many_sites_as_for_few(
    router: Router, django_assert_max_num_queries: Any, unknown: bool
) -> None:
    devices = DeviceFactory.create_batch(40)
    messages = [message(device, number) for number, device in enumerate(devices)]
    if unknown:
        messages.append(message(devices[0], 1, key="unknown"))
    with django_assert_max_num_queries(40):
        assert store_messages(messages, router) == {}
    for number, device in enumerate(devices):
        assert stored(device.metrics.get()) == [(NOON, float(number))]
    assert Discovered.objects.count() == unknown


def test_an_alias_of_the_site_goes_before_what_a_topic_names(
    router: Router, device: Device, metric: Metric
) -> None:
    other = DeviceFactory(site=device.site).metrics.get()
    name = f"energy/{device.site.slug}/{device.slug}/active_power"
    Alias.objects.create(
        site=device.site, source="mqtt", name=name, metric=other, factor=1000, sign=-1
    )
    assert store_messages([message(device, 2)], router) == {}
    assert stored(other) == [(NOON, -2000.0)]
    assert stored(metric) == []


def test_unknown_names_wait_for_their_own_sites(router: Router, site: Site) -> None:
    other = SiteFactory()
    for each in (site, other):
        store_messages([message(DeviceFactory(site=each), 1, key="unknown")], router)
    assert set(Discovered.objects.values_list("site", "source")) == {
        (site.pk, "mqtt"), (other.pk, "mqtt")
    }  # fmt: skip


def test_what_the_door_refuses_is_said_of_its_message(router: Router, device: Device) -> None:
    ahead = message(device, 2, at="2199-01-01T00:00:00Z")
    refusals = store_messages([message(device, 1), ahead, message(device, 3)], router)
    assert refusals == {1: "The timestamp is over a day ahead of now."}
    assert stored(device.metrics.get()) == [(NOON, 3.0)]


@pytest.mark.parametrize("key", ["active_power", "unknown"])
def test_what_a_clock_dates_that_was_never_set_is_refused(
    router: Router, device: Device, key: str
) -> None:
    at = "1970-01-01T00:00:09Z"
    refusals = store_messages([message(device, 1), message(device, 2, key, at)], router)
    assert "the clock of the device is not set" in refusals.pop(1)
    assert refusals == {}
    assert stored(device.metrics.get()) == [(NOON, 1.0)]
    assert not Discovered.objects.exists()

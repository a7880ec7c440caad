"""Devices by the state of their freshest Metric, in the API and on pages."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.support.factories import DeviceFactory, LatestFactory, MetricFactory

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
AGES = {"live": 60, "late": 300, "stale": 3_600, "never": None}
STATES = list(AGES)


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False):
        yield


def device_with(site, name, *states):
    """A Device whose Metrics are in these states, the headline in the first."""
    device = DeviceFactory(site=site, name=name)
    metrics = [device.metrics.get(), *MetricFactory.create_batch(len(states) - 1, device=device)]
    for metric, state in zip(metrics, states, strict=True):
        if (age := AGES[state]) is not None:
            LatestFactory(metric=metric, timestamp=NOW - timedelta(seconds=age))
    return device


@pytest.fixture
def devices(site):
    """One for each pair of states, named after the fresher."""
    for first in STATES:
        for other in STATES:
            freshest = min(first, other, key=STATES.index)
            device_with(site, f"{freshest} of {first} and {other}", first, other)


@pytest.mark.parametrize("state", STATES)
def test_the_freshest_metric_decides(api_client_for, technician, devices, state):
    answer = api_client_for(technician).get(f"/api/v1/devices/?state={state}")
    names = [device["name"] for device in answer.json()["results"]]
    assert {name.split()[0] for name in names} == {state}
    assert len(names) == {"live": 7, "late": 5, "stale": 3, "never": 1}[state]


@pytest.mark.parametrize("state", STATES)
def test_pages_show_the_same_with_that_state(client_for, technician, site, devices, state):
    for address in ("/devices/", f"/sites/{site.pk}/"):
        page = client_for(technician).get(f"{address}?state={state}")
        assert {row.state for row in page.context["rows"]} == {state}
        assert f"Latest value: {state.capitalize()}" in page.content.decode()


def test_a_value_that_arrived_from_a_clock_ahead_is_as_old_as_its_arrival(
    api_client_for, technician, site
):
    device = device_with(site, "Ahead", "never")
    late = NOW - timedelta(minutes=5)
    LatestFactory(metric=device.metrics.get(), timestamp=NOW, received_at=late)
    answer = api_client_for(technician).get("/api/v1/devices/?state=late")
    assert [each["name"] for each in answer.json()["results"]] == ["Ahead"]


def test_what_one_does_not_see_is_not_found_by_its_state(api_client_for, standard, foreign_device):
    LatestFactory(metric=foreign_device.metrics.get(), timestamp=NOW)
    assert api_client_for(standard).get("/api/v1/devices/?state=live").json()["count"] == 0


def test_an_unknown_state_is_refused_by_name(api_client_for, technician, site):
    answer = api_client_for(technician).get("/api/v1/devices/?state=fresh")
    assert answer.status_code == 400
    assert [error["field"] for error in answer.json()["errors"]] == ["state"]


def test_many_devices_take_as_many_queries_as_one(api_client_for, technician, site):
    client, taken = api_client_for(technician), []
    for count in (1, 2, 20):
        for number in range(count):
            device_with(site, f"{count}/{number}", "live")
        with CaptureQueriesContext(connection) as queries:
            client.get("/api/v1/devices/?state=live&page_size=500")
        taken.append(len(queries))
    assert taken[0] == taken[1] == taken[2]

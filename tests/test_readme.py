"""The examples of README.md's "Connect something" do what they say, copied as they are."""

from typing import Any

import pytest

from accounts.models import ApiToken, User
from devices.models import Device
from metrics.models import Metric
from tests.support.factories import DeviceFactory, SiteFactory
from tests.support.posting import stored
from tests.support.readme import run, section

CONNECT = section("Connect something")
# Under each heading, the readings of the workshop meter that its commands send.
FIRST, SECOND, THIRD = (f"2026-11-23T08:0{n}:00Z" for n in range(3))
SENT = {
    "JSON": [(FIRST, 1250.0), (SECOND, 1262.0), (THIRD, 1249.5)],
    "NDJSON": [(FIRST, 1250.0), (SECOND, 1262.0)],
    "CSV": [(FIRST, 1250.0), (SECOND, 1262.0)],
    "Line protocol": [(FIRST, 1250.0), (SECOND, 1262.0)],
}


@pytest.fixture
def workshop_meter(transactional_db: None, technician: User) -> Device:
    """The Device that the examples name."""
    campus = SiteFactory(name="Greensboro campus", slug="greensboro-campus", users=[technician])
    return DeviceFactory(site=campus, name="Workshop meter")


@pytest.fixture
def variables(live_server: Any, workshop_meter: Device, technician: User) -> dict[str, str]:
    """What somebody fills in: where the server is, and an ingest token for the Site."""
    _, secret = ApiToken.objects.create(
        user=technician, name="Example", scope="ingest", site=workshop_meter.site
    )
    return {"url": live_server.url, "token": secret}


def test_the_variables_to_fill_in_are_the_ones_that_the_examples_need() -> None:
    assigned = [line.partition("=")[0] for line in CONNECT.first.splitlines()]
    assert assigned == ["url", "token"]


def test_every_example_is_run() -> None:
    elsewhere = {"MQTT"}  # with a broker, by the tests of MQTT
    assert CONNECT.under.keys() == SENT.keys() | elsewhere
    assert all(CONNECT.under.values())


@pytest.mark.parametrize("heading", SENT)
def test_an_example_sends_what_it_says(
    heading: str, variables: dict[str, str], workshop_meter: Device
) -> None:
    metric: Metric = workshop_meter.metrics.get()
    said = run(CONNECT.under[heading], **variables)
    assert stored(metric) == SENT[heading], said


def test_a_command_that_fails_is_noticed() -> None:
    with pytest.raises(AssertionError, match="no such command"):
        run("echo no such command >&2; false | cat")

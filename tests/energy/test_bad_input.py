"""Bad input for every field of every endpoint that takes a body: 400, the field named."""

from typing import NamedTuple

import pytest

from devices.models import Device
from metrics.models import Metric
from subscriptions.models import Subscription
from tests.support.factories import MetricFactory, SubscriptionFactory

WRONG_FOR_TEXT = [None, 5, 1.5, True, [], {}, ["a"], "a\x00b"]
WRONG_FOR_CHOICE = [None, 5, True, [], {}, "", "nonsense", "a\x00b"]
WRONG_FOR_ID = [None, True, "1", "x", 1.5, [], {}, [1], 0, -1, 987654, 2**63, 10**30]
WRONG_FOR_NUMBER = ["x", "NaN", "Infinity", "1", True, [], {}, -1, 1e300, 10**400]
WRONG_FOR_WHOLE = [None, "60", "x", True, 1.5, [], {}, 0, -1, 2**31, 10**30]
WRONG_FOR_IDS = [None, 5, "1", {}, True, [None], ["1"], [1.5], [[1]], [{}], [0], [-1], [10**30]]

TEXT = ["manufacturer", "model", "serial_number"]
DEVICE = {
    "site": WRONG_FOR_ID,
    "name": [*WRONG_FOR_TEXT, "", " ", "x" * 121],
    "kind": WRONG_FOR_CHOICE,
    "status": WRONG_FOR_CHOICE,
    "rated_power": WRONG_FOR_NUMBER,
    "notes": [*WRONG_FOR_TEXT, "x" * 10_001],
    **{name: [*WRONG_FOR_TEXT, "x" * 121] for name in TEXT},
    "unheard_of": [1],
}
METRIC = {
    "key": [*WRONG_FOR_TEXT, "", "Big", "two words", "a__b", "_a", "a_", "é", "x" * 65],
    "name": [*WRONG_FOR_TEXT, "", "x" * 121],
    "unit": [*WRONG_FOR_TEXT, "", "x" * 17],
    "type": WRONG_FOR_CHOICE,
    "expected_interval": [*WRONG_FOR_WHOLE, 2_678_401],
    "unheard_of": [1],
}
SUBSCRIPTION = {
    "name": [*WRONG_FOR_TEXT, "", " ", "x" * 121],
    "description": [*WRONG_FOR_TEXT, "x" * 10_001],
    "metrics": WRONG_FOR_IDS,
    "unheard_of": [1],
}
METRICS_OF_DEVICE = [None, 5, "a", True, {}, [None], [5], ["a"], [[]], [{}], [{"key": "k"}] * 201]


class Case(NamedTuple):
    """A method on an address, with one bad value in one field of a good body."""

    method: str
    address: str
    field: str
    value: object


def cases():
    """Every writable field of every endpoint, with everything it must refuse."""
    described = [
        ("post", "devices/", {**DEVICE, "metrics": METRICS_OF_DEVICE}),
        ("put", "devices/{device}/", DEVICE),
        ("patch", "devices/{device}/", DEVICE),
        ("post", "metrics/", {**METRIC, "device": WRONG_FOR_ID}),
        ("patch", "metrics/{metric}/", {**METRIC, "device": WRONG_FOR_ID}),
        ("post", "subscriptions/", SUBSCRIPTION),
        ("put", "subscriptions/{subscription}/", SUBSCRIPTION),
        ("patch", "subscriptions/{subscription}/", SUBSCRIPTION),
    ]
    for method, address, fields in described:
        for field, values in fields.items():
            yield from (Case(method, address, field, value) for value in values)


def body_of(address, rows):
    """A body that would be accepted."""
    return {
        "devices": {"site": rows["site"].pk, "name": "Good", "kind": "battery"},
        "metrics": {"device": rows["device"].pk, "key": "good"},
        "subscriptions": {"name": "Good"},
    }[address.partition("/")[0]]


@pytest.fixture
def rows(technician, site, device):
    """What the addresses and the good bodies name."""
    return {
        "site": site,
        "device": device,
        "metric": MetricFactory(device=device),
        "subscription": SubscriptionFactory(owner=technician),
    }


def stored():
    """All that a request could have changed."""
    return [list(model.objects.order_by("pk").values()) for model in (Device, Metric, Subscription)]


@pytest.mark.parametrize(
    "case", list(cases()), ids=lambda case: f"{case.field}={str(case.value)[:20]!a}"
)
def test_a_bad_value_is_refused_by_name_and_nothing_is_stored(
    api_client_for, technician, rows, case
):
    address = "/api/v1/" + case.address.format(**{name: row.pk for name, row in rows.items()})
    body = {**body_of(case.address, rows), case.field: case.value}
    before = stored()
    response = getattr(api_client_for(technician), case.method)(address, body)
    assert response.status_code == 400
    assert {error["field"].partition(".")[0] for error in response.json()["errors"]} == {case.field}
    assert stored() == before


@pytest.mark.parametrize(
    ("address", "required"),
    [
        ("devices/", ["kind", "name", "site"]),
        ("metrics/", ["device", "key"]),
        ("subscriptions/", ["name"]),
    ],
)
def test_what_is_required_and_missing_is_named(api_client_for, technician, site, address, required):
    response = api_client_for(technician).post(f"/api/v1/{address}", {})
    assert response.status_code == 400
    errors = response.json()["errors"]
    assert sorted((error["field"], error["code"]) for error in errors) == [
        (field, "required") for field in required
    ]

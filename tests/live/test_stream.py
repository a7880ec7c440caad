"""What a stream begins with, over the API: in the web process it is all that there is."""

import json
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import ApiToken
from energy.instants import to_micros
from tests.support.factories import MetricFactory, SubscriptionFactory
from tests.support.readings import store

ADDRESS = "/api/v1/{}/{}/stream/"


def events(text):
    """The id and data of each event."""
    found = []
    for block in text.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines())
        if fields.get("event") == "reading":
            found.append((int(fields["id"]), json.loads(fields["data"])))
    return found


def told(client, address, last=None):
    headers = {"HTTP_LAST_EVENT_ID": str(last)} if last else {}
    answer = client.get(address, HTTP_ACCEPT="text/event-stream", **headers)
    assert answer.status_code == 200
    assert answer["Content-Type"] == "text/event-stream"
    return events(b"".join(answer.streaming_content).decode())


@pytest.fixture
def client(api_client_for, standard):
    return api_client_for(standard)


def test_the_newest_reading_of_each_metric_comes_first(client, device, metric, foreign_metric):
    other = MetricFactory(device=device, key="voltage", unit="V")
    now = timezone.now().replace(microsecond=0)
    store(metric, {now - timedelta(seconds=9): 1.0, now: 2.5})
    store(other, {now: 230.0})
    store(foreign_metric, {now: 7.0})
    instant = now.isoformat().replace("+00:00", "Z")
    expected = [
        {"metric": metric.pk, "timestamp": instant, "value": 2.5, "unit": "W"},
        {"metric": other.pk, "timestamp": instant, "value": 230.0, "unit": "V"},
    ]
    for kind, pk in (("devices", device.pk), ("sites", device.site_id)):
        data = [data for _, data in told(client, ADDRESS.format(kind, pk))]
        assert sorted(data, key=lambda each: each["metric"]) == expected


def test_a_subscription_tells_of_what_its_owner_still_sees(
    client, standard, metric, foreign_metric
):
    mine = SubscriptionFactory(owner=standard, metrics=[metric, foreign_metric])
    for each in (metric, foreign_metric):
        store(each, {timezone.now(): 1.0})
    (event,) = told(client, ADDRESS.format("subscriptions", mine.pk))
    assert event[1]["metric"] == metric.pk


def test_a_client_that_comes_back_is_told_what_has_arrived_since(client, device, metric):
    other = MetricFactory(device=device, key="voltage", unit="V")
    now = timezone.now()
    for each in (metric, other):
        store(each, {now - timedelta(minutes=1): 1.0})
    address = ADDRESS.format("devices", device.pk)
    last = max(number for number, _ in told(client, address))
    assert told(client, address, last) == []
    store(other, {timezone.now(): 2.0})
    ((_, data),) = told(client, address, last)
    assert (data["metric"], data["value"]) == (other.pk, 2.0)


@pytest.mark.parametrize("last", ["nonsense", "-1", "9" * 18, "9" * 30, "²"])
def test_a_number_that_was_never_given_counts_as_none(client, device, metric, last):
    store(metric, {timezone.now(): 1.0})
    assert len(told(client, ADDRESS.format("devices", device.pk), last)) == 1


@pytest.mark.parametrize("scheme", ["Token", "Bearer"])
def test_a_token_serves_as_well(api_client_for, standard, device, metric, scheme):
    store(metric, {timezone.now(): 1.0})
    _, secret = ApiToken.objects.create(user=standard)
    client = api_client_for(None)
    client.credentials(HTTP_AUTHORIZATION=f"{scheme} {secret}")
    assert len(told(client, ADDRESS.format("devices", device.pk))) == 1


@pytest.mark.parametrize(("scope", "status"), [("full", 200), ("read", 200), ("ingest", 403)])
def test_a_token_that_only_sends_readings_is_refused(
    api_client_for, standard, device, scope, status
):
    _, secret = ApiToken.objects.create(user=standard, scope=scope)
    client = api_client_for(None)
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {secret}")
    assert client.get(ADDRESS.format("devices", device.pk)).status_code == status


def test_a_refusal_is_problem_details(api_client_for, outsider, device):
    for user, status in ((None, 401), (outsider, 404)):
        answer = api_client_for(user).get(
            ADDRESS.format("devices", device.pk), HTTP_ACCEPT="text/event-stream"
        )
        assert answer.status_code == status
        assert answer["Content-Type"] == "application/problem+json"


def test_numbers_are_near_the_clock(client, device, metric):
    store(metric, {timezone.now() - timedelta(days=1): 1.0})
    ((number, _),) = told(client, ADDRESS.format("devices", device.pk))
    assert abs(number - to_micros(timezone.now())) < 60e6

"""History over HTTP: what `tests.timeseries.test_timeseries` proves of the service, asked for."""

from datetime import UTC, datetime, timedelta
from itertools import cycle, islice

import numpy as np
import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from energy.instants import to_micros
from history.arrays import ReadingBatch
from sites.models import SiteAssignment
from tests.support.factories import DeviceFactory, MetricFactory, SiteFactory, SubscriptionFactory
from tests.support.readings import store_readings

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
HOUR = "start=2026-06-01T12:00:00Z&end=2026-06-01T13:00:00Z"


def store(metric, *values, every=timedelta(minutes=1)):
    """Store `values` from noon on."""
    times = [to_micros(NOON + index * every) for index in range(len(values))]
    batch = ReadingBatch(np.full(len(values), metric.pk), np.array(times), np.array(values, float))
    store_readings(batch, now=NOON + timedelta(days=1))


@pytest.fixture(autouse=True)
def clock():
    """A day after the readings."""
    with time_machine.travel(NOON + timedelta(days=1), tick=False):
        yield


@pytest.fixture
def subscription(standard, metric):
    """The standard user's Subscription to `metric`."""
    return SubscriptionFactory(owner=standard, metrics=[metric])


@pytest.fixture(params=["metric", "subscription"])
def history(request, api_client_for, standard, metric, subscription):
    """Asks either address for the history of `metric` as the standard user."""
    pk = {"metric": metric.pk, "subscription": subscription.pk}[request.param]
    client = api_client_for(standard)
    return lambda query="": client.get(f"/api/v1/{request.param}s/{pk}/timeseries/?{query}")


def test_a_window_is_answered_with_exactly_the_documented_fields(history, metric):
    store(metric, *range(60))
    assert history(f"{HOUR}&resolution=30m").json() == {
        "start": "2026-06-01T12:00:00Z",
        "end": "2026-06-01T13:00:00Z",
        "resolution": "30m",
        "aggregate": "mean",
        "time_zone": "Europe/Amsterdam",
        "truncated": False,
        "next_cursor": None,
        "timestamps": ["2026-06-01T12:00:00Z", "2026-06-01T12:30:00Z"],
        "series": [
            {
                "metric": metric.pk,
                "key": "active_power",
                "name": "Active power",
                "unit": "W",
                "type": "gauge",
                "device": metric.device_id,
                "site": metric.device.site_id,
                "aggregate": "mean",
                "values": [14.5, 44.5],
                "coverage": [1.0, 1.0],
            }
        ],
    }


def test_without_parameters_it_is_the_last_day_within_a_thousand_points(history, metric):
    answer = history().json()
    assert (answer["start"], answer["end"]) == ("2026-06-01T12:00:00Z", "2026-06-02T12:00:00Z")
    assert 0 < len(answer["timestamps"]) <= 1000
    assert len(answer["series"][0]["values"]) == len(answer["timestamps"])


def test_raw_readings_have_their_own_timestamps(history, metric):
    store(metric, 1.5, 2.5)
    answer = history(f"{HOUR}&resolution=raw").json()
    assert answer["timestamps"] is None
    series = answer["series"][0]
    assert series["timestamps"] == ["2026-06-01T12:00:00Z", "2026-06-01T12:01:00Z"]
    assert series["values"] == [1.5, 2.5]


def test_times_are_milliseconds_on_request(history, metric):
    answer = history(f"{HOUR}&resolution=1h&time_format=ms").json()
    assert answer["timestamps"] == [int(NOON.timestamp() * 1000)]


def test_the_envelope_adds_minimum_and_maximum(history, metric):
    store(metric, 1, 5, 3)
    series = history(f"{HOUR}&resolution=1h&envelope=true").json()["series"][0]
    assert (series["min"], series["max"]) == ([1.0], [5.0])


@pytest.mark.parametrize("offset", ["+02:00", "%2B02:00"])
def test_a_plus_sign_that_was_not_encoded_is_understood(history, offset):
    answer = history(f"start=2026-06-01T14:00:00{offset}").json()
    assert answer["start"] == "2026-06-01T12:00:00Z"


def test_a_date_is_midnight_in_the_time_zone(history):
    answer = history("start=2026-06-01&end=2026-06-02&time_zone=Asia/Kolkata").json()
    assert (answer["start"], answer["end"]) == ("2026-05-31T18:30:00Z", "2026-06-01T18:30:00Z")


def test_a_long_raw_answer_goes_on_by_its_cursor(history, metric, monkeypatch):
    monkeypatch.setattr("timeseries.answers.MAX_RAW_POINTS", 2)
    store(metric, 1, 2, 3)
    first = history(f"{HOUR}&resolution=raw").json()
    assert first["truncated"]
    second = history(f"resolution=raw&cursor={first['next_cursor']}").json()
    assert not second["truncated"]
    values = [page["series"][0]["values"] for page in (first, second)]
    assert values == [[1.0, 2.0], [3.0]]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *[
            (field, value)
            for field in ("start", "end")
            for value in (
                "",
                "yesterday",
                "2026-06-01T12:00:00",
                "2026-06-01T12:00",
                "2026-13-01",
                "2026-02-30",
                "0001-01-01",
                "9999-12-31T23:59:59Z",
                "1780315200",
                "2026-W23-1",
                "2026-06-01T12:00:00%2B25:00",
                "2026-06-01%00",
                "٢٠٢٦-06-01",
            )
        ],
        ("start", "2026-06-02T12:00:00Z"),
        ("start", "2027-01-01"),
        *[("resolution", value) for value in ("", "2m", "RAW", "raw%00", "1M")],
        *[("aggregate", value) for value in ("", "median", "MEAN", "None")],
        *[("envelope", value) for value in ("", "1", "yes", "True")],
        *[("time_zone", value) for value in ("", "Mars/Olympus", "+02:00", "a%00b", "../etc")],
        *[("max_points", value) for value in ("", "0", "-1", "10001", "1.5", "x", "9" * 30, "٣")],
        *[("fill", value) for value in ("", "zero", "None")],
        *[("cursor", value) for value in ("", "x", "a:b:c", "%00", "1")],
        *[("time_format", value) for value in ("", "s", "iso")],
        ("nonsense", "1"),
    ],
)
def test_a_bad_parameter_is_refused_by_name(history, field, value):
    resolution = "&resolution=raw" if field == "cursor" else ""
    response = history(f"{field}={value}{resolution}")
    assert response.status_code == 400
    assert [error["field"] for error in response.json()["errors"]] == [field]


def test_everything_that_cannot_be_read_is_named_at_once(history):
    response = history("start=yesterday&envelope=1&max_points=x")
    fields = {error["field"]: error["code"] for error in response.json()["errors"]}
    assert fields == dict.fromkeys(("start", "envelope", "max_points"), "invalid")


def test_a_parameter_given_twice_is_refused(history):
    response = history("fill=null&fill=none")
    assert [error["field"] for error in response.json()["errors"]] == ["fill"]


def test_another_users_history_does_not_exist(api_client_for, technician, outsider, subscription):
    for user in (technician, outsider):
        address = f"/api/v1/subscriptions/{subscription.pk}/timeseries/"
        assert api_client_for(user).get(address).status_code == 404


def test_a_foreign_metrics_history_does_not_exist(api_client_for, standard, foreign_metric):
    address = f"/api/v1/metrics/{foreign_metric.pk}/timeseries/"
    assert api_client_for(standard).get(address).status_code == 404


def test_a_metric_that_became_invisible_drops_out(history, request, metric):
    other = DeviceFactory(site=SiteFactory()).metrics.get()
    if "subscription" in request.node.name:
        SiteAssignment.objects.all().delete()
        assert history().json()["series"] == []
    else:
        assert history().json()["series"][0]["metric"] != other.pk


@pytest.mark.parametrize("resolution", ["raw", "1h"])
def test_history_takes_the_same_number_of_queries_however_many_metrics(
    api_client_for, standard, device, resolution
):
    client, taken = api_client_for(standard), set()
    for count in (3, 30):
        kinds = islice(cycle([("gauge", "W"), ("counter", "Wh"), ("state", "1")]), count)
        metrics = [MetricFactory(device=device, type=kind, unit=unit) for kind, unit in kinds]
        for metric in metrics:
            store(metric, 1, 2)
        subscription = SubscriptionFactory(owner=standard, metrics=metrics)
        address = f"/api/v1/subscriptions/{subscription.pk}/timeseries/"
        with CaptureQueriesContext(connection) as queries:
            answer = client.get(f"{address}?{HOUR}&resolution={resolution}").json()
        assert len(answer["series"]) == count
        taken.add(len(queries))
    # Session, user, Subscription, its Metrics, at most four of readings, and of counters four more
    # and two of their states, which PostgreSQL answers outside of Django's count.
    assert len(taken) == 1
    assert taken.pop() <= 14


def test_the_browsable_api_shows_history(api_client_for, standard, metric):
    address = f"/api/v1/metrics/{metric.pk}/timeseries/"
    response = api_client_for(standard).get(address, HTTP_ACCEPT="text/html")
    assert response.status_code == 200
    assert b"next_cursor" in response.content

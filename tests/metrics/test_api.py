"""Metrics and latest values over HTTP."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from metrics.models import MAX_INTERVAL, Metric
from tests.support.factories import DeviceFactory, LatestFactory, MetricFactory, SiteFactory
from tests.support.problems import refused

METRICS = "/api/v1/metrics/"
NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


@pytest.fixture
def client(api_client_for, technician):
    """An API client signed in as the technician."""
    return api_client_for(technician)


def detail(metric):
    return f"{METRICS}{metric.pk}/"


def errors_of(response):
    assert response["Content-Type"] == "application/problem+json"
    return {error["field"]: error["code"] for error in response.json()["errors"]}


@time_machine.travel(NOON + timedelta(seconds=90), tick=False)
def test_a_metric_is_answered_with_exactly_the_documented_fields(client, metric):
    LatestFactory(metric=metric, value=1.5, timestamp=NOON, received_at=NOON)
    assert client.get(detail(metric)).json() == {
        "id": metric.pk,
        "url": f"http://testserver{METRICS}{metric.pk}/",
        "device": metric.device_id,
        "site": metric.device.site_id,
        "key": "active_power",
        "name": "Active power",
        "unit": "W",
        "type": "gauge",
        "expected_interval": 60,
        "rollover": None,
        "latest": {
            "value": 1.5,
            "timestamp": "2026-06-01T12:00:00Z",
            "received_at": "2026-06-01T12:00:00Z",
            "unit": "W",
            "age_seconds": 90.0,
            "state": "live",
        },
    }


@pytest.mark.parametrize(
    ("age", "state"), [(120, "live"), (121, "late"), (600, "late"), (601, "stale")]
)
def test_the_state_of_a_latest_value_follows_from_its_age(client, metric, age, state):
    LatestFactory(metric=metric, timestamp=NOON)
    with time_machine.travel(NOON + timedelta(seconds=age), tick=False):
        answer = client.get(f"{detail(metric)}latest/").json()
    assert (answer["state"], answer["age_seconds"]) == (state, age)


def test_a_metric_without_readings_has_a_latest_of_nulls(client, metric):
    assert client.get(f"{detail(metric)}latest/").json() == {
        "value": None,
        "timestamp": None,
        "received_at": None,
        "unit": "W",
        "age_seconds": None,
        "state": "never",
    }


def test_a_technician_adds_a_metric_described_by_the_vocabulary(client, device):
    made = client.post(METRICS, {"device": device.pk, "key": "consumption_energy"})
    assert made.status_code == 201
    described = (made.json()["name"], made.json()["unit"], made.json()["type"])
    assert described == ("Energy consumed", "Wh", "counter")


def test_a_metric_is_renamed_and_deleted(client, metric):
    spare = MetricFactory(device=metric.device)
    assert client.patch(detail(metric), {"name": "Load"}).json()["name"] == "Load"
    assert client.delete(detail(metric)).status_code == 204
    assert list(Metric.objects.all()) == [spare]


def test_a_metric_is_never_replaced(client, metric):
    assert client.put(detail(metric), {"key": "other"}).status_code == 405


def test_the_last_metric_of_a_device_stays(client, metric):
    response = client.delete(detail(metric))
    assert response.status_code == 409
    assert errors_of(response) == {"": "last_metric"}
    assert Metric.objects.filter(pk=metric.pk).exists()


def test_a_metric_stays_with_its_device(client, metric, technician):
    other = DeviceFactory(site=SiteFactory(users=[technician]))
    response = client.patch(detail(metric), {"device": other.pk})
    assert (response.status_code, errors_of(response)) == (400, {"device": "immutable"})
    assert client.patch(detail(metric), {"device": metric.device_id}).status_code == 200


def test_a_key_is_unique_in_its_device(client, metric):
    response = client.post(METRICS, {"device": metric.device_id, "key": metric.key})
    assert (response.status_code, errors_of(response)) == (400, {"key": "unique"})


def test_an_invisible_device_is_refused_exactly_as_an_unknown_one(client, foreign_device):
    def answer(pk):
        return refused(client.post(METRICS, {"device": pk, "key": "new"}), pk)

    assert answer(foreign_device.pk) == answer(987654)


@pytest.mark.parametrize("method", ["get", "patch", "delete", "options"])
@pytest.mark.parametrize("suffix", ["", "latest/"])
def test_an_invisible_metric_is_answered_exactly_as_an_unknown_one(
    client, foreign_metric, method, suffix
):
    hidden = getattr(client, method)(detail(foreign_metric) + suffix)
    unknown = getattr(client, method)(f"{METRICS}987654/{suffix}")
    assert hidden.status_code == (405 if suffix and method in ("patch", "delete") else 404)
    assert hidden.content == unknown.content


@pytest.mark.parametrize(
    ("query", "keys"),
    [
        ("?site={site}", ["active_power", "dc_power", "soc"]),
        ("?device={device}", ["dc_power", "soc"]),
        ("?kind=pv_array", ["dc_power", "soc"]),
        ("?key=soc", ["soc"]),
        ("?unit=%25", ["soc"]),
        ("?state=live", ["soc"]),
        ("?state=never", ["active_power", "dc_power"]),
        ("?search=charge", ["soc"]),
        ("?ordering=-key", ["soc", "dc_power", "active_power"]),
    ],
)
def test_a_list_is_filtered_searched_and_ordered(client, metric, query, keys):
    device = DeviceFactory(site=metric.device.site, kind="pv_array", name="East")
    soc = MetricFactory(device=device, key="soc", name="State of charge", unit="%")
    LatestFactory(metric=soc, timestamp=NOON)
    with time_machine.travel(NOON, tick=False):
        rows = client.get(METRICS + query.format(site=device.site_id, device=device.pk)).json()
    assert [row["key"] for row in rows["results"]] == keys


@pytest.mark.parametrize("interval", [300, 3_600, MAX_INTERVAL])
def test_rare_readings_stay_live_for_as_long(client, metric, interval):
    MetricFactory(device=metric.device, key="level", expected_interval=interval)
    LatestFactory(metric=metric.device.metrics.get(key="level"), timestamp=NOON)
    with time_machine.travel(NOON + timedelta(seconds=2 * interval), tick=False):
        rows = client.get(f"{METRICS}?state=live").json()
    assert [row["key"] for row in rows["results"]] == ["level"]


def test_latest_values_of_several_metrics_come_in_the_order_asked(client, metric):
    other = MetricFactory(device=metric.device, unit="A")
    LatestFactory(metric=other, value=7)
    answer = client.get(f"{METRICS}latest/?ids={other.pk},{metric.pk},{other.pk}").json()
    assert [(row["metric"], row["value"], row["unit"]) for row in answer["results"]] == [
        (other.pk, 7.0, "A"),
        (metric.pk, None, "W"),
    ]


@pytest.mark.parametrize("ids", ["", "a", "1,", "1.5", "-1", "1;2", "٣", "1%00", "9" * 20])
def test_ids_that_are_no_ids_are_refused(client, ids):
    response = client.get(f"{METRICS}latest/?ids={ids}")
    assert (response.status_code, errors_of(response)) == (400, {"ids": "invalid"})


def test_ids_must_be_given(client):
    assert errors_of(client.get(f"{METRICS}latest/")) == {"ids": "invalid"}


def test_more_than_a_thousand_ids_are_refused(client):
    ids = ",".join(str(number) for number in range(1001))
    assert errors_of(client.get(f"{METRICS}latest/?ids={ids}")) == {"ids": "too_many"}


def test_an_invisible_id_among_several_is_named_exactly_as_an_unknown_one(
    client, metric, foreign_metric
):
    def answer(pk):
        response = client.get(f"{METRICS}latest/?ids={metric.pk},{pk}")
        assert f"Unknown Metric: {pk}." in response.json()["detail"]
        return refused(response, pk)

    assert answer(foreign_metric.pk) == answer(987654) == answer(2**63)


@pytest.mark.parametrize("count", [1, 3, 30])
def test_a_list_takes_the_same_number_of_queries_however_long(
    client, device, django_assert_num_queries, count
):
    for _ in range(count - 1):
        LatestFactory(metric=MetricFactory(device=device))
    with django_assert_num_queries(4):  # session, user, count, page
        assert client.get(METRICS).json()["count"] == count


@pytest.mark.parametrize("count", [1, 3, 30])
def test_latest_values_of_any_number_of_metrics_take_one_query(
    client, site, django_assert_num_queries, count
):
    metrics = [DeviceFactory(site=site).metrics.get() for _ in range(count)]
    ids = ",".join(str(metric.pk) for metric in metrics)
    with django_assert_num_queries(3):  # session, user, latest
        answer = client.get(f"{METRICS}latest/?ids={ids}").json()
    assert len(answer["results"]) == count


@pytest.mark.parametrize("suffix", ["", "latest/"])
def test_one_metric_takes_one_query(client, metric, django_assert_num_queries, suffix):
    with django_assert_num_queries(3):  # session, user, Metric
        assert client.get(detail(metric) + suffix).status_code == 200

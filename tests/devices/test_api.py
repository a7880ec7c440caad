"""Devices over HTTP."""

import pytest

from devices.models import Device
from history.models import Reading
from metrics.models import Latest, Metric
from tests.support.factories import DeviceFactory, LatestFactory, MetricFactory, SiteFactory
from tests.support.problems import refused

DEVICES = "/api/v1/devices/"


@pytest.fixture
def client(api_client_for, technician):
    """An API client signed in as the technician."""
    return api_client_for(technician)


def detail(device):
    return f"{DEVICES}{device.pk}/"


def errors_of(response):
    assert response["Content-Type"] == "application/problem+json"
    return {error["field"]: error["code"] for error in response.json()["errors"]}


def test_a_device_is_answered_with_exactly_the_documented_fields(client, device, metric):
    answer = client.get(detail(device)).json()
    nested = answer.pop("metrics")
    assert answer == {
        "id": device.pk,
        "url": f"http://testserver{DEVICES}{device.pk}/",
        "site": device.site_id,
        "name": "Main meter",
        "slug": "main-meter",
        "kind": "load_meter",
        "status": "active",
        "in_service_from": None,
        "retired_at": None,
        "manufacturer": "",
        "model": "",
        "serial_number": "",
        "rated_power": None,
        "notes": "",
        "created_at": device.created_at.isoformat().replace("+00:00", "Z"),
        "updated_at": device.updated_at.isoformat().replace("+00:00", "Z"),
    }
    assert nested == [client.get(f"/api/v1/metrics/{metric.pk}/").json() | {"latest": never("W")}]


def never(unit):
    return {
        "value": None,
        "timestamp": None,
        "received_at": None,
        "unit": unit,
        "age_seconds": None,
        "state": "never",
    }


def test_a_technician_creates_a_device_with_its_kinds_headline_metric(client, site):
    made = client.post(DEVICES, {"site": site.pk, "name": "Roof east", "kind": "pv_array"})
    assert made.status_code == 201
    assert made.json()["slug"] == "roof-east"
    assert [metric["key"] for metric in made.json()["metrics"]] == ["dc_power"]


def test_the_answer_to_a_creation_is_what_is_read_afterwards(client, site):
    made = client.post(DEVICES, {"site": site.pk, "name": "Roof east", "kind": "pv_array"})
    assert client.get(made.json()["url"]).json() == made.json()


def test_a_device_is_created_with_the_metrics_named(client, site):
    named = [
        {"key": "active_power"},
        {"key": "flow", "name": "Flow", "unit": "l/h", "type": "gauge", "expected_interval": 300},
    ]
    body = {"site": site.pk, "name": "Pump", "kind": "heat_pump", "metrics": named}
    metrics = client.post(DEVICES, body).json()["metrics"]
    described = [
        {name: metric[name] for name in ("key", "name", "unit", "type", "expected_interval")}
        for metric in metrics
    ]
    headline = {"name": "Active power", "unit": "W", "type": "gauge", "expected_interval": 60}
    assert described == [{"key": "active_power", **headline}, named[1]]


def test_an_empty_list_of_metrics_means_the_headline(client, site):
    body = {"site": site.pk, "name": "Pump", "kind": "heat_pump", "metrics": []}
    assert [m["key"] for m in client.post(DEVICES, body).json()["metrics"]] == ["active_power"]


def test_a_key_named_twice_is_refused_where_it_comes_again(client, site):
    named = [{"key": "a"}, {"key": "b"}, {"key": "a"}]
    body = {"site": site.pk, "name": "Pump", "kind": "heat_pump", "metrics": named}
    response = client.post(DEVICES, body)
    assert response.status_code == 400
    assert errors_of(response) == {"metrics.2.key": "unique"}
    assert not Device.objects.exists()


def test_a_wrong_metric_is_named_by_its_place_and_field(client, site):
    named = [{"key": "good"}, {"key": "Not good", "type": "meter"}]
    body = {"site": site.pk, "name": "Pump", "kind": "heat_pump", "metrics": named}
    assert errors_of(client.post(DEVICES, body)) == {
        "metrics.1.key": "invalid",
        "metrics.1.type": "invalid_choice",
    }


def test_put_replaces_and_patch_changes_one_field(client, device):
    body = {"site": device.site_id, "name": "Renamed", "kind": "battery", "rated_power": 5000}
    assert client.put(detail(device), body).status_code == 200
    answer = client.patch(detail(device), {"status": "retired"}).json()
    assert (answer["name"], answer["kind"], answer["status"]) == ("Renamed", "battery", "retired")
    assert answer["rated_power"] == 5000
    assert answer["slug"] == "main-meter"


def test_what_was_read_can_be_sent_back(client, device):
    read = client.get(detail(device)).json()
    sent = client.put(detail(device), read)
    assert sent.status_code == 200
    assert sent.json() | {"updated_at": read["updated_at"]} == read


def test_deleting_a_device_deletes_its_metrics_latest_values_and_history(client, device, metric):
    LatestFactory(metric=metric)
    Reading.objects.create(metric=metric, timestamp=Latest.objects.get().timestamp, value=1.5)
    assert client.delete(detail(device)).status_code == 204
    assert not Metric.objects.exists()
    assert not Latest.objects.exists()
    assert not Reading.objects.exists()


@pytest.mark.parametrize("method", ["put", "patch"])
def test_a_device_moves_to_another_visible_site(client, technician, device, method):
    other = SiteFactory(users=[technician])
    body = {"site": other.pk, "name": device.name, "kind": device.kind}
    assert getattr(client, method)(detail(device), body).json()["site"] == other.pk


@pytest.mark.parametrize("method", ["post", "put", "patch"])
def test_an_invisible_site_is_refused_exactly_as_an_unknown_one(
    client, device, foreign_site, method
):
    address = DEVICES if method == "post" else detail(device)

    def answer(pk):
        body = {"site": pk, "name": "New", "kind": "battery"}
        return refused(getattr(client, method)(address, body), pk)

    assert answer(foreign_site.pk) == answer(987654)
    assert '"field": "site", "code": "does_not_exist"' in answer(foreign_site.pk)


@pytest.mark.parametrize("method", ["get", "put", "patch", "delete", "options"])
def test_an_invisible_device_is_answered_exactly_as_an_unknown_one(client, foreign_device, method):
    body = None if method in ("get", "options") else {"name": "Mine"}
    hidden = getattr(client, method)(detail(foreign_device), body)
    unknown = getattr(client, method)(f"{DEVICES}987654/", body)
    assert hidden.status_code == 404
    assert hidden.content == unknown.content


def test_two_devices_of_one_name_in_a_site_are_refused_on_the_name(client, device):
    body = {"site": device.site_id, "name": device.name, "kind": "battery"}
    response = client.post(DEVICES, body)
    assert (response.status_code, errors_of(response)) == (400, {"name": "unique"})


def test_a_device_does_not_move_to_a_site_that_has_its_name(client, technician, device):
    other = DeviceFactory(name=device.name, site=SiteFactory(users=[technician]))
    response = client.patch(detail(device), {"site": other.site_id})
    assert (response.status_code, errors_of(response)) == (400, {"name": "unique"})


def test_a_device_does_not_move_to_a_site_that_has_its_slug(client, technician, device):
    other = DeviceFactory(name="Main-meter", site=SiteFactory(users=[technician]))
    assert other.slug == device.slug
    response = client.patch(detail(device), {"site": other.site_id})
    assert (response.status_code, errors_of(response)) == (400, {"site": "unique"})


def test_a_name_taken_meanwhile_is_a_conflict(client, device, monkeypatch):
    monkeypatch.setattr("devices.serializers.DeviceSerializer.validate", lambda _, attrs: attrs)
    taken = DeviceFactory(site=device.site, name="Taken")
    response = client.patch(detail(device), {"name": taken.name})
    assert response.status_code == 409
    assert response["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("?site={roof}", ["East"]),
        ("?kind=pv_array", ["East"]),
        ("?status=retired", ["East"]),
        ("?search=main", ["Main meter"]),
        ("?ordering=-name", ["Main meter", "East"]),
    ],
)
def test_a_list_is_filtered_searched_and_ordered(client, technician, device, query, names):
    roof = SiteFactory(name="Roof", users=[technician])
    DeviceFactory(site=roof, name="East", kind="pv_array", status="retired")
    rows = client.get(DEVICES + query.format(roof=roof.pk)).json()["results"]
    assert [row["name"] for row in rows] == names


@pytest.mark.parametrize("address", ["list", "detail"])
@pytest.mark.parametrize("count", [1, 3, 30])
def test_reading_takes_the_same_number_of_queries_however_much(
    client, device, django_assert_num_queries, address, count
):
    for index in range(count - 1):
        LatestFactory(metric=MetricFactory(device=device))
        LatestFactory(metric=DeviceFactory(site=device.site, name=f"D{index}").metrics.get())
    # Session, user, (count,) Devices, Metrics with latest.
    with django_assert_num_queries(5 if address == "list" else 4):
        response = client.get(DEVICES if address == "list" else detail(device))
    assert response.status_code == 200

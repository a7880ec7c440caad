"""What the system is for, one test a requirement, through the HTTP API as a client sees it."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from rest_framework.test import APIClient

from sites.models import SiteAssignment
from tests.support.factories import PASSWORD, DeviceFactory, SiteFactory

API = "/api/v1"


def signed_in(user):
    """An API client that signed in as a program does: by name and password, for a token."""
    client = APIClient()
    credentials = {"username": user.username, "password": PASSWORD}
    token = client.post(f"{API}/auth/login/", credentials).json()["token"]
    client.credentials(HTTP_AUTHORIZATION=f"Token {token}")
    return client


def minutes_ago(minutes):
    """The full minute so many minutes ago."""
    now = datetime.now(UTC).replace(second=0, microsecond=0)
    return now - timedelta(minutes=minutes)


def post_readings(client, metric, values):
    """Post `values`, one a minute, the last of them a minute ago; return their times."""
    times = [minutes_ago(len(values) - index).isoformat() for index in range(len(values))]
    body = {"metric": metric, "timestamps": times, "values": values}
    answer = client.post(f"{API}/readings/", body)
    assert answer.json() == {"accepted": len(values), "rejected": []}
    return times


def ids(answer):
    """The ids of a list's rows."""
    return [row["id"] for row in answer.json()["results"]]


def test_1_a_user_sees_only_the_sites_they_are_assigned_to(standard, site, foreign_site):
    own, foreign = (DeviceFactory(site=place) for place in (site, foreign_site))
    client = signed_in(standard)
    assert ids(client.get(f"{API}/sites/")) == [site.pk]
    assert ids(client.get(f"{API}/devices/")) == [own.pk]
    assert ids(client.get(f"{API}/metrics/")) == [own.metrics.get().pk]
    assert client.get(f"{API}/sites/{foreign_site.pk}/").status_code == 404
    assert client.get(f"{API}/devices/{foreign.pk}/").status_code == 404

    SiteAssignment.objects.create(user=standard, site=foreign_site)
    assert client.get(f"{API}/devices/{foreign.pk}/").status_code == 200


def test_2_technicians_create_change_and_delete_devices_and_standard_users_read_them(
    technician, standard, site
):
    client, reader = signed_in(technician), signed_in(standard)
    body = {"site": site.pk, "name": "Roof east", "kind": "pv_array", "rated_power": 9900}
    made = client.post(f"{API}/devices/", body)
    assert made.status_code == 201
    address = made.json()["url"]
    assert len(made.json()["metrics"]) >= 1

    assert reader.get(address).json()["name"] == "Roof east"
    assert reader.post(f"{API}/devices/", body).status_code == 403
    assert reader.patch(address, {"name": "Mine"}).status_code == 403
    assert reader.delete(address).status_code == 403

    assert client.patch(address, {"name": "Roof west"}).json()["name"] == "Roof west"
    assert client.delete(address).status_code == 204
    assert reader.get(address).status_code == 404


def test_3_a_metrics_latest_value_is_known_with_its_time_and_unit(technician, metric):
    client = signed_in(technician)
    times = post_readings(client, metric.pk, [900.0, 1000.0, 1250.5])
    latest = client.get(f"{API}/metrics/{metric.pk}/latest/").json()
    assert (latest["value"], latest["unit"], latest["state"]) == (1250.5, "W", "live")
    assert datetime.fromisoformat(latest["timestamp"]) == datetime.fromisoformat(times[-1])


def test_4_a_user_subscribes_to_metrics_of_several_devices_and_sites(standard, site):
    other = SiteFactory(users=[standard])
    metrics = [DeviceFactory(site=place).metrics.get().pk for place in (site, site, other)]
    client = signed_in(standard)
    made = client.post(f"{API}/subscriptions/", {"name": "All power", "metrics": metrics})
    assert made.status_code == 201
    assert made.json()["metrics"] == metrics
    latest = client.get(f"{made.json()['url']}latest/").json()["results"]
    assert [row["metric"] for row in latest] == metrics


def test_5_a_subscription_answers_the_history_of_a_window_as_lists_of_numbers(technician, site):
    client = signed_in(technician)
    metrics = [DeviceFactory(site=site).metrics.get().pk for _ in range(2)]
    for metric, values in zip(metrics, ([1.0, 2.0, 3.0], [-4.5, 0.0, 4.5]), strict=True):
        post_readings(client, metric, values)
    made = client.post(f"{API}/subscriptions/", {"name": "Both", "metrics": metrics}).json()
    window = {"start": minutes_ago(4).isoformat(), "end": minutes_ago(0).isoformat()}
    answer = client.get(f"{made['url']}timeseries/", {**window, "resolution": "1m"}).json()
    assert len(answer["timestamps"]) == 4
    assert [series["metric"] for series in answer["series"]] == metrics
    assert [series["values"] for series in answer["series"]] == [
        [None, 1.0, 2.0, 3.0],
        [None, -4.5, 0.0, 4.5],
    ]


@pytest.mark.django_db(transaction=True)
def test_6_what_was_stored_is_there_for_another_connection(technician, site):
    # The suite runs on SQLite and on PostgreSQL, this test with it.
    client = signed_in(technician)
    body = {"site": site.pk, "name": "Roof", "kind": "pv_array"}
    device = client.post(f"{API}/devices/", body).json()
    metric = device["metrics"][0]["id"]
    post_readings(client, metric, [5.0])
    subscription = client.post(f"{API}/subscriptions/", {"name": "Mine", "metrics": [metric]})

    connection.close()
    again = signed_in(technician)
    assert again.get(device["url"]).json()["metrics"][0]["latest"]["value"] == 5.0
    assert again.get(subscription.json()["url"]).json()["metrics"] == [metric]
    raw = again.get(f"{API}/metrics/{metric}/timeseries/", {"resolution": "raw"}).json()
    assert raw["series"][0]["values"] == [5.0]

"""What works, and what says so, while ClickHouse does not answer."""

import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import User
from devices.models import Device
from history import store_at
from metrics.models import Latest, Metric
from sites.models import Site
from tests.support.factories import DeviceFactory, SubscriptionFactory
from tests.support.readings import store

pytestmark = pytest.mark.django_db

AWAY = "History is away"


@pytest.fixture(autouse=True)
def away(settings: Any) -> Iterator[None]:
    """HISTORY_URL names a port where nobody listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        settings.HISTORY_URL = f"clickhouse://127.0.0.1:{free.getsockname()[1]}/energy"
        yield
        store_at(settings.HISTORY_URL).close()


@pytest.fixture
def api(technician: User, api_client_for: Callable[[User], APIClient]) -> APIClient:
    return api_client_for(technician)


@pytest.fixture
def pages(technician: User, client_for: Callable[[User], Client]) -> Client:
    return client_for(technician)


def test_history_is_answered_with_503_and_when_to_come_back(api: APIClient, metric: Metric) -> None:
    answer = api.get(f"/api/v1/metrics/{metric.pk}/timeseries/")

    assert answer.status_code == 503
    assert answer["Content-Type"] == "application/problem+json"
    assert answer["Retry-After"] == "5"
    assert answer.json()["errors"][0]["code"] == "history_away"


def test_readings_are_taken_and_become_the_latest(api: APIClient, metric: Metric) -> None:
    rows = [{"metric": metric.pk, "timestamp": "2026-01-01T00:00:00Z", "value": 5.0}]

    answer = api.post("/api/v1/readings/", {"readings": rows})

    assert answer.status_code < 300, answer.content
    assert Latest.objects.get(metric=metric).value == 5.0
    assert api.get(f"/api/v1/metrics/{metric.pk}/").status_code == 200


def test_the_page_of_a_metric_says_so_in_place_of_the_chart(pages: Client, metric: Metric) -> None:
    answer = pages.get(metric.get_absolute_url())

    assert answer.status_code == 200
    assert AWAY in answer.content.decode()
    assert "No values in this range" not in answer.content.decode()


def test_the_page_of_a_metric_in_the_admin_says_so(
    client_for: Callable[[User], Client], administrator: User, metric: Metric
) -> None:
    store(metric, {timezone.now(): 5.0})

    answer = client_for(administrator).get(f"/admin/metrics/metric/{metric.pk}/change/")

    assert answer.status_code == 200
    assert AWAY in answer.content.decode()


def test_the_page_of_a_subscription_says_so(
    pages: Client, metric: Metric, technician: User
) -> None:
    subscription = SubscriptionFactory(owner=technician, metrics=[metric])

    answer = pages.get(subscription.get_absolute_url())

    assert answer.status_code == 200
    assert AWAY in answer.content.decode()


def test_the_pages_of_sites_and_devices_work(pages: Client, site: Site, device: Device) -> None:
    urls = ("/", site.get_absolute_url(), device.get_absolute_url(), "/devices/")

    assert [pages.get(url, follow=True).status_code for url in urls] == [200] * 4


@pytest.mark.parametrize("query", ["", "?period=2026-06-01"])
def test_a_site_says_so_in_place_of_its_energy(pages: Client, device: Device, query: str) -> None:
    address = f"{device.site.get_absolute_url()}{query}"

    assert "History is away for a moment" in pages.get(address).content.decode()


def test_a_device_can_be_deleted(pages: Client, device: Device) -> None:
    other = DeviceFactory(site=device.site)
    url = f"{other.get_absolute_url()}delete/"

    assert "history is away" in pages.get(url).content.decode()
    assert pages.post(url).status_code == 302
    assert not Device.objects.filter(pk=other.pk).exists()


def test_deleting_readings_says_503(pages: Client, metric: Metric) -> None:
    pages.raise_request_exception = False
    window = {"start": "2026-01-01T00:00", "end": "2026-01-02T00:00"}

    answer = pages.get(f"{metric.get_absolute_url()}readings/delete/", window)

    assert answer.status_code == 503
    assert answer["Retry-After"] == "5"

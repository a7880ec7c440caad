"""Metrics, latest values and readings in the admin."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client

from accounts.models import User
from energy.instants import to_micros
from history.arrays import ReadingBatch
from metrics.models import Latest, Metric
from tests.support.admin import told
from tests.support.factories import DeviceFactory, LatestFactory, MetricFactory
from tests.support.readings import store_readings

LIST = "/admin/metrics/metric/"
LATEST = "/admin/metrics/latest/"
NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


@pytest.fixture
def admin(administrator: User, client_for: Callable[[User], Client]) -> Client:
    return client_for(administrator)


@pytest.fixture
def staff(technician: User, client_for: Callable[[User], Client]) -> Client:
    """A technician who may use the admin."""
    technician.is_staff = True
    technician.save()
    return client_for(technician)


def test_the_last_metric_is_not_deleted_and_the_page_says_why(
    admin: Client, metric: Metric
) -> None:
    answer = admin.post(f"{LIST}{metric.pk}/delete/", {"post": "yes"}, follow=True)
    assert "last Metric" in told(answer)[0]
    assert Metric.objects.filter(pk=metric.pk).exists()


def test_the_action_deletes_all_selected_metrics_or_none(admin: Client, metric: Metric) -> None:
    spare = MetricFactory(device=DeviceFactory(site=metric.device.site))
    selected = {"action": "delete_selected", "_selected_action": [spare.pk, metric.pk]}
    answer = admin.post(LIST, selected | {"post": "yes"}, follow=True)
    assert "last Metric" in told(answer)[0]
    assert Metric.objects.filter(pk__in=[spare.pk, metric.pk]).count() == 2
    assert not LogEntry.objects.exists()


def test_a_metric_beside_others_is_deleted(admin: Client, metric: Metric) -> None:
    MetricFactory(device=metric.device)
    assert admin.post(f"{LIST}{metric.pk}/delete/", {"post": "yes"}).status_code == 302
    assert not Metric.objects.filter(pk=metric.pk).exists()


def test_deleting_a_metric_says_first_that_its_history_goes(admin: Client, metric: Metric) -> None:
    assert "whole history" in admin.get(f"{LIST}{metric.pk}/delete/").content.decode()


def test_a_metric_shows_its_recent_readings_newest_first(admin: Client, metric: Metric) -> None:
    instants = [to_micros(NOON + timedelta(minutes=minute)) for minute in range(3)]
    batch = ReadingBatch.of([metric.pk] * 3, instants, [7.25, 8.25, 9.25])
    store_readings(batch, now=NOON + timedelta(minutes=2))
    page = admin.get(f"{LIST}{metric.pk}/change/").content.decode()
    assert page.index("9.25 W") < page.index("8.25 W") < page.index("7.25 W")
    assert "2026-06-01 12:02:00.000" in page


def test_a_metric_without_readings_has_its_page(admin: Client, metric: Metric) -> None:
    assert admin.get(f"{LIST}{metric.pk}/change/").status_code == 200


def test_a_metric_stays_with_its_device(admin: Client, metric: Metric) -> None:
    other = DeviceFactory()
    data = {
        "device": other.pk,
        "key": "active_power",
        "name": "Power",
        "unit": "W",
        "type": "gauge",
        "expected_interval": 60,
    }
    assert admin.post(f"{LIST}{metric.pk}/change/", data).status_code == 302
    before = metric.device_id
    metric.refresh_from_db()
    assert (metric.device_id, metric.name) == (before, "Power")


def test_latest_values_are_there_to_look_at_only(admin: Client, metric: Metric) -> None:
    LatestFactory(metric=metric, value=42.5)
    assert "42.5" in admin.get(LATEST).content.decode()
    assert admin.get(f"{LATEST}add/").status_code == 403
    assert admin.post(f"{LATEST}{metric.pk}/change/", {"value": 1}).status_code == 403
    assert admin.post(f"{LATEST}{metric.pk}/delete/", {"post": "yes"}).status_code == 403
    assert Latest.objects.get().value == 42.5


def test_staff_see_only_metrics_and_values_of_their_sites(
    staff: Client, metric: Metric, foreign_metric: Metric
) -> None:
    for one in (metric, foreign_metric):
        LatestFactory(metric=one)
    for url in (LIST, LATEST):
        page = staff.get(url).content.decode()
        assert metric.device.site.name in page
        assert foreign_metric.device.site.name not in page


@pytest.mark.django_db
@pytest.mark.parametrize("url", [LIST, LATEST])
@pytest.mark.parametrize("count", [1, 3, 30])
def test_the_lists_take_as_many_queries_for_many_metrics_as_for_one(
    count: int, url: str, admin: Client, django_assert_max_num_queries: Any
) -> None:
    for metric in MetricFactory.create_batch(count):
        LatestFactory(metric=metric)
    with django_assert_max_num_queries(10):
        assert admin.get(url).status_code == 200


def test_a_key_that_the_device_has_already_is_refused_in_the_form(
    admin: Client, metric: Metric
) -> None:
    other = MetricFactory(device=metric.device, key="frequency")
    names = ("name", "unit", "type", "expected_interval")
    data = {name: getattr(other, name) for name in names} | {"key": metric.key}
    answer = admin.post(f"{LIST}{other.pk}/change/", data)
    assert answer.status_code == 200
    assert "already has a Metric of that key" in answer.content.decode()
    assert Metric.objects.get(pk=other.pk).key == "frequency"

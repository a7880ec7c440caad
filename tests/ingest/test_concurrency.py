"""Writers and deleters at the same time: on PostgreSQL in parallel; SQLite lets in one by one."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime
from threading import Event
from typing import Any

import numpy as np
import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import OperationalError, connection, transaction

from accounts.models import User
from devices.models import Device
from energy.instants import to_micros
from history import get_store
from history.arrays import ReadingBatch
from history.models import Reading
from history.relational.backend import backend
from metrics.models import Latest, Metric
from tests.support.factories import DeviceFactory, MetricFactory
from tests.support.posting import URL, named, row
from tests.support.readings import store_readings

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
BEGIN = to_micros(datetime(2026, 6, 1, tzinfo=UTC))
pytestmark = pytest.mark.django_db(transaction=True)


def at_once(jobs: Iterable[Callable[[], Any]]) -> list[Any]:
    """The results of all jobs; raises what one of them raised."""

    def run(job: Callable[[], Any]) -> Any:
        try:
            return job()
        finally:
            connection.close()

    writers = 4 if connection.vendor == "postgresql" else 1
    with ThreadPoolExecutor(writers) as pool:
        return list(pool.map(run, jobs))


def batches_of(metrics: list[Metric], count: int, seed: int) -> list[ReadingBatch]:
    """Overlapping batches in random order, each reading's value telling its timestamp."""
    random = np.random.default_rng(seed)
    ids = np.array([metric.pk for metric in metrics])
    made = []
    for _ in range(count):
        timestamps = BEGIN + random.integers(0, 50, 60)
        made.append(ReadingBatch(random.choice(ids, 60), timestamps, timestamps.astype(float)))
    return made


def test_latest_is_the_newest_whichever_writer_comes_last() -> None:
    metrics = MetricFactory.create_batch(5, device=DeviceFactory())
    batches = batches_of(metrics, 40, seed=1)
    at_once(lambda one=one: store_readings(one, now=NOW) for one in batches)
    ids = np.concatenate([one.metric_ids for one in batches])
    timestamps = np.concatenate([one.timestamps for one in batches])
    for metric in metrics:
        newest = timestamps[ids == metric.pk].max()
        assert Latest.objects.get(metric=metric).value == newest
        held = get_store().read([metric.pk], BEGIN, BEGIN + 100)[metric.pk]
        assert held.timestamps.tolist() == np.unique(timestamps[ids == metric.pk]).tolist()


def test_acknowledged_readings_are_seen_by_everybody_else() -> None:
    metric = MetricFactory()

    def write_and_look(number: int) -> float:
        at = BEGIN + number
        store_readings(ReadingBatch.of([metric.pk], [at], [float(number)]), now=NOW)
        connection.close()
        return float(get_store().read([metric.pk], at, at + 1)[metric.pk].values.item())

    found = at_once(lambda number=number: write_and_look(number) for number in range(20))
    assert found == list(range(20))


def test_a_device_deleted_under_its_readings_leaves_nothing_and_breaks_nobody() -> None:
    device, other = DeviceFactory(), DeviceFactory()
    metrics = MetricFactory.create_batch(4, device=device)
    kept = MetricFactory(device=other)
    batches = batches_of([*metrics, kept], 40, seed=2)
    jobs: list[Callable[[], Any]] = [
        lambda one=one: store_readings(one, now=NOW) for one in batches
    ]
    jobs.insert(10, lambda: Device.objects.get(pk=device.pk).delete())
    at_once(jobs)
    assert set(Reading.objects.values_list("metric_id", flat=True)) == {kept.pk}
    assert Latest.objects.get().metric == kept


@pytest.mark.parametrize("form", [row, named])
def test_a_device_deleted_under_requests_leaves_nothing_and_breaks_nobody(
    form: Callable[..., Any], device: Device, technician: User, api_client_for: Any
) -> None:
    metrics = MetricFactory.create_batch(4, device=device)
    kept = MetricFactory(device=DeviceFactory(site=device.site))
    bodies = [
        {"readings": [form(metric, value=float(value)) for metric in [*metrics, kept]]}
        for value in range(40)
    ]

    def send(body: Any) -> int:
        answer = api_client_for(technician).post(f"{URL}?partial=true", body, format="json")
        return int(answer.status_code)

    jobs: list[Callable[[], Any]] = [lambda one=one: send(one) for one in bodies]
    jobs.insert(10, lambda: Device.objects.get(pk=device.pk).delete())
    statuses = at_once(jobs)
    assert set(statuses[:10] + statuses[11:]) == {200}
    assert set(Reading.objects.values_list("metric_id", flat=True)) == {kept.pk}
    assert Latest.objects.get().metric == kept


def test_metrics_that_are_locked_cannot_be_deleted_before_the_end() -> None:
    metric = MetricFactory()
    deleted = Event()

    def delete() -> None:
        try:
            Metric.objects.get(pk=metric.pk).device.delete()
            deleted.set()
        finally:
            connection.close()

    # A database in memory, as SQLite's of the tests, refuses where others wait.
    with ThreadPoolExecutor(1) as pool, suppress(OperationalError):
        with transaction.atomic():
            assert backend().lock_metrics(Metric.objects.among([metric.pk])).tolist() == [metric.pk]
            deleting = pool.submit(delete)
            assert not deleted.wait(0.3)
        deleting.result()
        assert deleted.is_set()


def test_nothing_is_locked_of_what_nobody_sees() -> None:
    metric = MetricFactory()
    nobodys = Metric.objects.visible_to(AnonymousUser()).among([metric.pk])
    assert backend().lock_metrics(nobodys).size == 0

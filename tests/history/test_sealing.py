"""Sealing: nothing is lost, whoever writes meanwhile and whenever it is killed."""

import os
import signal
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import count
from threading import Event
from typing import Any

import numpy as np
import pytest
from django.core.management import call_command
from django.db import connection, connections, transaction

from energy.instants import from_micros
from history import get_store
from history.arrays import ReadingBatch
from history.buckets import DAY, HOUR, MINUTE
from history.models import Chunk, Reading
from history.relational import sealing
from history.relational.postgresql import PostgreSQLBackend
from ingest.door import store_history
from metrics.models import Latest, Metric
from tests.support.factories import DeviceFactory, MetricFactory

START = 20_454 * DAY  # 2026-01-01T00:00:00Z
LATER = START + 30 * DAY
DAYS = 3

Contents = dict[tuple[int, int], float]


def contents() -> Contents:
    """Every reading there is, by Metric and instant."""
    ids = list(Metric.objects.order_by("pk").values_list("pk", flat=True))
    found = get_store().read(ids, START - 9 * DAY, LATER)
    return {
        (metric_id, timestamp): value
        for metric_id, samples in found.items()
        for timestamp, value in zip(
            samples.timestamps.tolist(), samples.values.tolist(), strict=True
        )
    }


def fill(count: int = 3, every: int = 10 * MINUTE) -> Contents:
    """Some days of some Metrics, and what that makes."""
    device = DeviceFactory()
    for metric in MetricFactory.create_batch(count, device=device):
        timestamps = START + np.arange(0, DAYS * DAY, every) + metric.pk
        write(metric.pk, timestamps, timestamps % 977)
    return contents()


def write(metric_id: int, timestamps: Any, values: Any) -> None:
    batch = ReadingBatch.of(np.full(len(timestamps), metric_id), timestamps, values)
    get_store().append(batch)


@pytest.mark.django_db
class TestSealing:
    def test_days_past_are_sealed_and_read_as_before(self) -> None:
        before = fill()

        assert get_store().seal(LATER) == len(before)

        assert not Reading.objects.exists()
        assert Chunk.objects.count() == 3 * DAYS
        assert contents() == before

    def test_a_day_stays_hot_for_two_days_after_its_end(self) -> None:
        fill()

        get_store().seal(START + 3 * DAY - 1)
        assert not Chunk.objects.exists()
        get_store().seal(START + 3 * DAY)
        assert set(Chunk.objects.values_list("day", flat=True)) == {START // DAY}

    def test_sealing_again_changes_nothing(self) -> None:
        fill()
        get_store().seal(LATER)
        packs = list(Chunk.objects.order_by("pk").values())

        assert get_store().seal(LATER) == 0
        assert list(Chunk.objects.order_by("pk").values()) == packs

    def test_late_and_corrected_readings_are_right_at_once_and_after_the_next_sealing(self) -> None:
        expected = fill()
        get_store().seal(LATER)
        metric_id, timestamp = min(expected)
        write(metric_id, [timestamp, timestamp + 1], [-1, -2])
        expected |= {(metric_id, timestamp): -1, (metric_id, timestamp + 1): -2}
        assert contents() == expected

        get_store().seal(LATER)

        assert contents() == expected
        assert not Reading.objects.exists()

    def test_deleted_readings_stay_away_before_and_after_the_next_sealing(self) -> None:
        before = fill()
        get_store().seal(LATER)
        ids = sorted({metric_id for metric_id, _ in before})
        window = START + 5 * HOUR, START + DAY + 7 * HOUR
        expected = {
            key: value
            for key, value in before.items()
            if key[0] == ids[2] or not window[0] <= key[1] < window[1]
        }

        assert get_store().count(ids[:2], *window) == len(before) - len(expected)
        assert get_store().delete(ids[:2], *window) == len(before) - len(expected)

        assert contents() == expected
        get_store().seal(LATER)
        assert contents() == expected

    def test_deleted_readings_can_be_stored_again(self) -> None:
        before = fill(count=1)
        get_store().seal(LATER)
        [metric_id] = {metric_id for metric_id, _ in before}

        get_store().delete([metric_id], START, START + 2 * DAY)
        timestamps = np.array([timestamp for _, timestamp in before])
        write(metric_id, timestamps, timestamps % 977)
        get_store().seal(LATER)

        assert contents() == before

    def test_corrected_and_sealed_readings_are_counted_once(self, metric: Metric) -> None:
        write(metric.pk, START + np.arange(10), np.zeros(10))
        get_store().seal(LATER)
        write(metric.pk, START + np.arange(5, 12), np.ones(7))

        assert get_store().count([metric.pk]) == 12
        assert get_store().count([metric.pk], START + 6, START + 11) == 5
        assert get_store().count([metric.pk], None, START + 3) == 3
        assert get_store().delete([metric.pk], START + 4) == 8

    def test_a_metric_that_goes_takes_its_sealed_days_with_it(self, metric: Metric) -> None:
        other = MetricFactory(device=metric.device)
        write(other.pk, [START], [1])
        get_store().seal(LATER)

        other.delete()

        assert not Chunk.objects.exists()

    def test_many_readings_are_sealed_in_several_transactions(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(sealing, "AT_ONCE", 200)
        before = fill(count=5)

        get_store().seal(LATER)

        assert contents() == before

    def test_readings_before_1970_are_sealed_too(self, metric: Metric) -> None:
        write(metric.pk, [-1, -DAY, -DAY - 1], [1, 2, 3])

        assert get_store().seal(LATER) == 3

        assert get_store().count([metric.pk]) == 3
        assert sorted(Chunk.objects.values_list("day", "n")) == [(-2, 1), (-1, 2)]

    def test_the_command_seals(self, capsys: pytest.CaptureFixture[str]) -> None:
        before = fill(count=1)

        call_command("seal_history")

        assert f"{len(before):,}" in capsys.readouterr().out
        assert not Reading.objects.exists()


@pytest.mark.django_db
class TestHistoryBroughtIn:
    def test_days_past_are_sealed_at_once_and_others_are_hot(self, metric: Metric) -> None:
        timestamps = START + np.arange(0, 4 * DAY, HOUR)
        ids = np.full(timestamps.size, metric.pk)

        get_store().append_history(
            ReadingBatch.of(ids, timestamps[::-1], timestamps), START + 4 * DAY
        )

        assert Chunk.objects.count() == 2
        assert Reading.objects.count() == 48
        assert contents() == {
            (metric.pk, t): v for t, v in zip(timestamps[::-1].tolist(), timestamps, strict=True)
        }

    def test_it_wins_over_what_is_sealed_and_what_is_hot(self, metric: Metric) -> None:
        write(metric.pk, START + np.arange(3), [1, 1, 1])
        get_store().seal(LATER)
        write(metric.pk, START + np.arange(2), [2, 2])

        get_store().append_history(ReadingBatch.of([metric.pk], [START], [3]), LATER)

        assert list(contents().values()) == [3, 2, 1]
        assert get_store().count([metric.pk]) == 3

    def test_history_goes_through_the_same_door(self, metric: Metric) -> None:
        timestamps = START + np.arange(0, 5 * DAY, HOUR)
        batch = ReadingBatch.of(np.full(timestamps.size, metric.pk), timestamps, timestamps)

        assert store_history(batch, now=from_micros(START + 5 * DAY)) == timestamps.size

        assert Latest.objects.get(metric=metric).timestamp == from_micros(int(timestamps[-1]))
        assert Chunk.objects.count() == 3


def at_once(*jobs: Callable[[], Any]) -> list[Any]:
    def run(job: Callable[[], Any]) -> Any:
        try:
            return job()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(jobs)) as pool:
        return [future.result() for future in [pool.submit(run, job) for job in jobs]]


@pytest.mark.django_db(transaction=True)
class TestConcurrency:
    def test_two_who_seal_and_two_who_correct_lose_nothing(
        self, on_disk: None, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(sealing, "AT_ONCE", 300)
        expected = fill(count=4)
        keys = sorted(expected)
        corrections = {key: -float(index) for index, key in enumerate(keys[::7], 1)}
        arrivals = {(metric, timestamp + 3): 5.0 for metric, timestamp in keys[::11]}
        done = Event()

        def correct(changes: Contents) -> None:
            rows = list(changes.items())
            for begin in range(0, len(rows), 20):
                some = rows[begin : begin + 20]
                ids, timestamps = np.array([key for key, _ in some]).T
                get_store().append(ReadingBatch.of(ids, timestamps, [value for _, value in some]))
            done.set()

        def seal() -> None:
            while not done.is_set():
                get_store().seal(LATER)
            get_store().seal(LATER)

        at_once(
            seal,
            seal,
            lambda: correct(corrections),
            lambda: correct(arrivals),
        )
        get_store().seal(LATER)

        assert contents() == expected | corrections | arrivals
        assert not Reading.objects.exists()

    def test_a_correction_that_waits_for_the_sealing_survives_it(self, on_disk: None) -> None:
        [key, *_] = sorted(fill(count=1))
        with ThreadPoolExecutor(1) as pool:
            with transaction.atomic():
                sealing.seal_day([key[0]], key[1] // DAY)
                late = pool.submit(at_once, lambda: write(key[0], [key[1]], [-7]))
                with pytest.raises(TimeoutError):
                    late.result(timeout=0.2)
            late.result()

        assert contents()[key] == -7


def seal_and_die(limit: int) -> int:
    """Seal in a process of its own that is killed ahead of a statement; returns its status."""
    process = os.fork()
    if process == 0:
        inherited = connection.connection  # kept: closing it would end the parent's session
        try:
            connection.connection = None
            with dying_at(limit):
                get_store().seal(LATER)
        finally:
            os._exit(sys.exc_info()[0] is not None or inherited is None)
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])


@contextmanager
def dying_at(limit: int) -> Iterator[None]:
    """Ends this process at a statement, a commit included, be it sent by Django or past it."""
    numbers = count(1)

    def counted(call: Callable[..., Any]) -> Callable[..., Any]:
        def counting(*args: Any, **kwargs: Any) -> Any:
            if next(numbers) == limit:
                os.kill(os.getpid(), signal.SIGKILL)
            return call(*args, **kwargs)

        return counting

    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(connection, "_commit", counted(connection._commit))
        monkeypatch.setattr(PostgreSQLBackend, "execute", counted(PostgreSQLBackend.execute))
        with connection.execute_wrapper(lambda execute, *args: counted(execute)(*args)):
            yield


@pytest.mark.django_db(transaction=True)
def test_sealing_that_is_killed_at_any_statement_loses_nothing(on_disk: None) -> None:
    expected = fill(count=2, every=2 * HOUR)
    for statement in count(1):
        status = seal_and_die(statement)
        assert contents() == expected
        if status == 0:
            break
        assert status == -signal.SIGKILL
        # Something is always left to do: what is sealed is written again.
        for metric_id, timestamp in list(expected)[::5]:
            write(metric_id, [timestamp], [expected[metric_id, timestamp]])

    assert statement > 5 * DAYS
    assert not Reading.objects.exists()

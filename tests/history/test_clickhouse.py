"""What is ClickHouse's own: moving readings there, deletions, its absence, its tables."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from itertools import count
from typing import Any

import numpy as np
import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.core.management.base import SystemCheckError
from django.db import connection, transaction

from energy.errors import HistoryAway
from energy.instants import MICROS_PER_SECOND as SECOND
from history import store_at
from history.arrays import ReadingBatch
from history.clickhouse import schema, spool
from history.clickhouse import store as clickhouse
from history.clickhouse.server import Address
from history.clickhouse.store import ClickHouseStore
from history.models import Reading, Tombstone
from history.relational.postgresql import PostgreSQLBackend
from metrics.models import Metric
from tests.support.clickhouse_http import ClickHouseHttp, serving
from tests.support.factories import MetricFactory
from tests.support.readings import store_readings

START = 1_767_225_600 * SECOND  # 2026-01-01T00:00:00Z, long before any deletion a test makes
MINUTE = 60 * SECOND
FOREVER = START * 10
SETTLED = START * 5  # when every deletion is settled

pytestmark = [pytest.mark.django_db, pytest.mark.chdb]


@pytest.fixture
def store(chdb_store: ClickHouseStore) -> ClickHouseStore:
    return chdb_store


def minutes(metric: Metric, count: int, value: float = 0.0) -> ReadingBatch:
    timestamps = START + np.arange(count) * MINUTE
    return ReadingBatch(np.full(count, metric.pk), timestamps, np.arange(count) + value)


def values(store: ClickHouseStore, metric: Metric) -> list[float]:
    return store.read([metric.pk], 0, FOREVER)[metric.pk].values.tolist()


def stored(store: ClickHouseStore) -> int:
    """How many rows lie in ClickHouse, older versions of a reading included."""
    return store.server.command("SELECT count() FROM energy.history")


# Moving -------------------------------------------------------------------------------------------


def test_moving_empties_the_spool_and_changes_no_answer(
    store: ClickHouseStore, metric: Metric, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spool, "BLOCK", 3)
    store.append(minutes(metric, 10))

    assert store.seal(START) == 10

    assert not Reading.objects.exists()
    assert values(store, metric) == list(range(10))
    assert store.count([metric.pk]) == 10


def test_a_late_correction_wins_before_and_after_it_is_moved(
    store: ClickHouseStore, metric: Metric
) -> None:
    store.append(minutes(metric, 3))
    store.seal(START)
    store.append(ReadingBatch.of([metric.pk], [START + MINUTE], [9.0]))

    assert values(store, metric) == [0, 9, 2]
    assert store.count([metric.pk]) == 3
    store.seal(START)
    assert values(store, metric) == [0, 9, 2]
    assert store.count([metric.pk]) == 3


def test_a_correction_that_arrives_while_its_reading_is_moved_stays(
    store: ClickHouseStore, metric: Metric, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.append(minutes(metric, 3))
    meanwhile(store, monkeypatch, lambda: store.append(minutes(metric, 1, 9.0)))

    store.seal(START)
    assert values(store, metric) == [9, 1, 2]
    store.seal(START)
    assert values(store, metric) == [9, 1, 2]


def test_a_second_mover_that_comes_between_loses_nothing(
    store: ClickHouseStore, metric: Metric, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.append(minutes(metric, 3))

    def second() -> None:
        store.append(minutes(metric, 1, 9.0))
        store.seal(START)

    meanwhile(store, monkeypatch, second)

    store.seal(START)
    store.seal(START)
    assert values(store, metric) == [9, 1, 2]


class Killed(Exception):
    """The process ended here."""


def killed_at(point: int, store: ClickHouseStore, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Ends the process at the `point`-th statement, of the database or of ClickHouse."""
    left = [point]

    def counted(execute: Callable[..., Any], *args: Any) -> Any:
        left[0] -= 1
        if left[0] == 0:
            raise Killed
        return execute(*args)

    for name in ("insert", "command", "rows"):
        ask = getattr(store.server, name)
        monkeypatch.setattr(store.server, name, lambda *args, ask=ask: counted(ask, *args))
    execute = PostgreSQLBackend.execute  # speaks to the driver, past Django's wrappers
    monkeypatch.setattr(PostgreSQLBackend, "execute", lambda *args: counted(execute, *args))
    return connection.execute_wrapper(counted)


@pytest.mark.django_db(transaction=True)
def test_moving_that_is_killed_at_any_statement_loses_and_repeats_nothing(
    store: ClickHouseStore, metric: Metric, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = MetricFactory(device=metric.device)
    for point in count(1):
        store.append(minutes(metric, 5, point))
        store.append(minutes(other, 5))
        store.seal(START)
        store.append(minutes(metric, 2, point * 7.0))
        store.delete([other.pk], START, START + MINUTE)
        before = values(store, metric), values(store, other)

        with monkeypatch.context() as patch, killed_at(point, store, patch), suppress(Killed):
            store.seal(SETTLED)
            break

        assert (values(store, metric), values(store, other)) == before
        store.seal(SETTLED)
        assert (values(store, metric), values(store, other)) == before
    assert point > 10


def test_moving_while_readings_are_corrected_ends_with_the_last_correction(
    on_disk: None, store: ClickHouseStore, metric: Metric
) -> None:
    rounds, done = 25, threading.Event()
    failures: list[BaseException] = []

    def correct() -> None:
        try:
            for number in range(rounds):
                with transaction.atomic():
                    store.append(minutes(metric, 50, number))
        except BaseException as error:
            failures.append(error)
        finally:
            done.set()
            connection.close()

    writer = threading.Thread(target=correct)
    writer.start()
    while not done.is_set():
        store.seal(START)
        assert store.read([metric.pk], START, FOREVER)[metric.pk].timestamps.size in {0, 50}
    writer.join()
    store.seal(START)

    assert not failures
    assert values(store, metric) == [n + rounds - 1 for n in range(50)]
    assert not Reading.objects.exists()


# Deleting -----------------------------------------------------------------------------------------


def test_what_was_deleted_can_be_imported_again(store: ClickHouseStore, metric: Metric) -> None:
    store.append(minutes(metric, 4))
    store.seal(START)

    assert store.delete([metric.pk], START + MINUTE, START + 3 * MINUTE) == 2
    assert values(store, metric) == [0, 3]
    store.append(ReadingBatch.of([metric.pk], [START + MINUTE], [9.0]))
    assert values(store, metric) == [0, 9, 3]
    store.seal(START)
    assert values(store, metric) == [0, 9, 3]
    store.seal(SETTLED)
    assert values(store, metric) == [0, 9, 3]


def test_a_settled_deletion_frees_the_space(store: ClickHouseStore, metric: Metric) -> None:
    store.append(minutes(metric, 4))
    store.seal(START)
    store.delete([metric.pk])
    assert stored(store) == 4

    store.seal(SETTLED)

    assert stored(store) == 0
    assert not Tombstone.objects.exists()


def test_a_mover_that_was_overtaken_by_a_deletion_brings_nothing_back(
    store: ClickHouseStore, metric: Metric, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.append(minutes(metric, 4))
    meanwhile(store, monkeypatch, lambda: store.delete([metric.pk], START, START + 2 * MINUTE))

    store.seal(START)

    assert values(store, metric) == [2, 3]
    store.seal(SETTLED)
    assert values(store, metric) == [2, 3]
    assert store.count([metric.pk]) == 2


def test_a_deletion_that_is_rolled_back_deletes_nothing(
    store: ClickHouseStore, metric: Metric
) -> None:
    store.append(minutes(metric, 4))
    store.seal(START)

    def delete_and_fail() -> None:
        with transaction.atomic():
            store.delete([metric.pk])
            raise Killed

    with pytest.raises(Killed):
        delete_and_fail()

    assert len(values(store, metric)) == 4


def test_deleting_what_is_older_leaves_other_metrics(
    store: ClickHouseStore, metric: Metric
) -> None:
    other = MetricFactory(device=metric.device)
    for each in (metric, other):
        store.append(minutes(each, 4))
    store.seal(START)
    store.append(minutes(metric, 1, 9.0))

    assert store.count([metric.pk, other.pk], None, START + 2 * MINUTE) == 4
    assert store.delete([metric.pk], None, START + 2 * MINUTE) == 2

    assert values(store, metric) == [2, 3]
    assert len(values(store, other)) == 4


# Imports ------------------------------------------------------------------------------------------


def test_a_bulk_write_goes_past_the_spool_and_wins_there_too(
    store: ClickHouseStore, metric: Metric, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clickhouse, "BULK_BLOCK", 64)
    store.append(minutes(metric, 2, 5.0))
    history = minutes(metric, 100)

    store.append_history(history, START)

    assert Reading.objects.count() == 2
    assert values(store, metric) == history.values.tolist()
    store.seal(START)
    assert values(store, metric) == history.values.tolist()


def test_a_bulk_write_is_spooled_while_another_process_has_the_embedded_engine(
    store: ClickHouseStore, metric: Metric, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(store.server, "insert", held)
        store.append_history(minutes(metric, 3), START)

    assert Reading.objects.count() == 3
    assert store.seal(START) == 3
    assert values(store, metric) == [0, 1, 2]


def held(*_: object) -> None:
    raise HistoryAway


# Absence ------------------------------------------------------------------------------------------


@pytest.fixture
def http(store: ClickHouseStore) -> Iterator[ClickHouseHttp]:
    """The tables of `store` behind ClickHouse's HTTP interface."""
    with serving(store.server._connected()) as server:
        yield server


def test_a_server_is_asked_over_http(http: ClickHouseHttp, metric: Metric) -> None:
    store = store_at(http.url)
    store.append(minutes(metric, 20))

    assert store.migrate() == []
    assert store.seal(START) == 20

    assert values(store, metric) == list(range(20))
    assert store.count([metric.pk], START + MINUTE) == 19


def test_a_server_that_refuses_twice_is_asked_again(http: ClickHouseHttp, metric: Metric) -> None:
    store = store_at(http.url)
    http.refusals = 2

    assert values(store, metric) == []


def test_a_server_that_stays_away_is_not_waited_for(http: ClickHouseHttp, metric: Metric) -> None:
    store = store_at(http.url)
    http.refusals = 3
    with pytest.raises(HistoryAway):
        values(store, metric)
    asked = len(http.statements)

    with pytest.raises(HistoryAway):
        values(store, metric)

    assert len(http.statements) == asked
    store.close()
    assert values(store, metric) == []


def closed_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def test_readings_are_taken_while_clickhouse_is_away_and_are_there_when_it_is_back(
    store: ClickHouseStore, metric: Metric, settings: Any
) -> None:
    port = closed_port()
    settings.HISTORY_URL = url = f"clickhouse://127.0.0.1:{port}/energy"

    assert store_readings(minutes(metric, 3), now=datetime.now(tz=UTC)) == 3
    with pytest.raises(HistoryAway):
        store_at(url).seal(START)
    assert Reading.objects.count() == 3

    store_at(url).close()
    with serving(store.server._connected(), port):
        assert store_at(url).seal(START) == 3
        assert values(store_at(url), metric) == [0, 1, 2]


def test_a_metric_can_be_deleted_while_clickhouse_is_away(
    store: ClickHouseStore, metric: Metric, settings: Any
) -> None:
    other = MetricFactory(device=metric.device)
    store.append(minutes(other, 3))
    store.seal(START)
    settings.HISTORY_URL = f"clickhouse://127.0.0.1:{closed_port()}/energy"

    other.delete()

    store.seal(SETTLED)
    assert stored(store) == 0


def test_migrating_says_that_clickhouse_is_away(settings: Any) -> None:
    settings.HISTORY_URL = f"clickhouse://127.0.0.1:{closed_port()}/energy"

    with pytest.raises(CommandError, match="away"):
        call_command("migrate_history")


# Tables and addresses -----------------------------------------------------------------------------


def test_migrating_again_does_nothing(
    store: ClickHouseStore, chdb_url: str, settings: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.HISTORY_URL = chdb_url

    call_command("migrate_history")

    assert capsys.readouterr().out == "Nothing to do.\n"


def test_a_migration_that_was_interrupted_is_finished(store: ClickHouseStore) -> None:
    store.server.command("TRUNCATE TABLE energy.history_schema")

    assert store.migrate() == ["Create the history of readings"]
    assert store.migrate() == []


def test_the_layout_is_the_measured_one(store: ClickHouseStore) -> None:
    ddl = store.server.command("SHOW CREATE TABLE energy.history FORMAT TSVRaw")

    assert "ReplacingMergeTree(version)" in ddl
    assert "ORDER BY (metric, timestamp)" in ddl
    assert "PARTITION BY intDiv(timestamp + 259200000000, 604800000000)" in ddl
    assert "`timestamp` Int64 CODEC(DoubleDelta" in ddl


def test_partitions_are_weeks_from_monday(store: ClickHouseStore, metric: Metric) -> None:
    sunday_night = datetime(2026, 3, 1, 23, 59, tzinfo=UTC)
    moments = int(sunday_night.timestamp()) * SECOND + np.arange(3) * MINUTE
    store.append(ReadingBatch.of([metric.pk] * 3, moments, [0, 1, 2]))
    store.seal(START)

    weeks = store.server.rows(
        "SELECT min(timestamp), count() FROM energy.history GROUP BY _partition_id ORDER BY 1"
    )

    assert weeks.tolist() == [(moments[0], 1), (moments[1], 2)]


def cluster_statements() -> list[str]:
    address = Address.of("clickhouse://host/energy?cluster=main")
    return [
        *schema.foundation(address),
        *(text for _, statements in schema.STEPS for text in statements(address)),
    ]


def test_a_cluster_has_replicated_tables_under_a_distributed_one() -> None:
    database, schema, local, distributed = cluster_statements()

    assert database == "CREATE DATABASE IF NOT EXISTS `energy` ON CLUSTER `main`"
    assert "ReplicatedMergeTree('/clickhouse/tables/energy/history_schema'" in schema
    assert "ON CLUSTER `main`" in local
    assert (
        "ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/energy/history_local', "
        "'{replica}', version)"
    ) in local
    assert "Distributed('main', 'energy', 'history_local', metric)" in distributed


@pytest.mark.parametrize("number", range(4))
def test_clickhouse_understands_the_statements_for_a_cluster(
    store: ClickHouseStore, number: int
) -> None:
    statement = cluster_statements()[number]

    assert store.server.command(f"EXPLAIN AST {statement}")


def test_an_address_is_read_from_the_url() -> None:
    address = Address.of("clickhouse://ann:p%40ss@ch.example:9000/power?secure=true&cluster=main")

    assert address == Address(
        "power", "ch.example", 9000, "ann", "p@ss", secure=True, cluster="main"
    )


@pytest.mark.parametrize(
    "url",
    [
        "clickhouse://",
        "clickhouse://ann:secret@host/a`b",
        "clickhouse://ann:secret@host/db?cluster=a'b",
        "clickhouse://ann:secret@host/db?secure=perhaps",
        "clickhouse://ann:secret@host/db?colour=blue",
        "clickhouse://ann:secret@host:port/db",
        "chdb://relative/path",
        "chdb:///",
    ],
)
def test_an_address_that_makes_no_sense_is_refused_without_telling_the_password(url: str) -> None:
    with pytest.raises(ImproperlyConfigured) as refusal:
        store_at(url)

    assert "secret" not in str(refusal.value)


def test_a_missing_library_fails_the_system_check_with_a_hint(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.HISTORY_URL = "clickhouse://host/db"
    monkeypatch.setattr("history.clickhouse.server.find_spec", lambda _: None)

    with pytest.raises(SystemCheckError, match=r"clickhouse_connect(.*\n)*.*requirements-click"):
        call_command("check")


def meanwhile(
    store: ClickHouseStore, monkeypatch: pytest.MonkeyPatch, deed: Callable[[], Any]
) -> None:
    """Do `deed` once, between a mover's reading of the spool and its writing to ClickHouse."""
    insert = store.server.insert
    deeds = [deed]

    def inserted(*args: Any) -> None:
        if deeds:
            deeds.pop()()
        insert(*args)

    monkeypatch.setattr(store.server, "insert", inserted)

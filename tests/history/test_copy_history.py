"""manage.py copy_history between the relational store and ClickHouse."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from energy.instants import MICROS_PER_SECOND as SECOND
from history import copying, store_at
from history.arrays import ReadingBatch, Samples
from history.buckets import DAY
from history.clickhouse.store import ClickHouseStore
from metrics.models import Metric
from tests.support.factories import MetricFactory

START = 1_767_225_600 * SECOND
MINUTE = 60 * SECOND
LATER = START + 400 * DAY
FOREVER = START * 10

pytestmark = [pytest.mark.django_db, pytest.mark.chdb]


@pytest.fixture
def metrics(metric: Metric) -> list[Metric]:
    """Two Metrics whose sealed readings have a gap of a hundred days."""
    found = [metric, MetricFactory(device=metric.device)]
    relational = store_at("")
    for each in found:
        for start in (START, START + 100 * DAY):
            timestamps = start + np.arange(3 * 1440) * MINUTE
            values = np.arange(timestamps.size) * 0.1
            ids = np.full(timestamps.size, each.pk)
            relational.append(ReadingBatch(ids, timestamps, values))
    relational.seal(LATER)
    return found


def held(store: Any, metrics: list[Metric]) -> dict[int, list[tuple[int, float]]]:
    found = store.read([metric.pk for metric in metrics], 0, FOREVER)
    return {
        metric_id: list(zip(samples.timestamps.tolist(), samples.values.tolist(), strict=True))
        for metric_id, samples in found.items()
    }


@pytest.fixture
def copy(chdb_url: str, chdb_store: ClickHouseStore, capsys: Any) -> Callable[..., str]:
    """Copies from the relational store to chDB; what the command says."""

    def run(**options: Any) -> str:
        call_command("copy_history", **{"source": "", "target": chdb_url, **options})
        return capsys.readouterr().out

    return run


def test_a_copy_is_the_same(
    metrics: list[Metric], copy: Callable[..., str], chdb_store: ClickHouseStore
) -> None:
    said = copy()

    assert "17,280 readings of 12 days are the same on both sides; 17,280 were copied" in said
    assert held(chdb_store, metrics) == held(store_at(""), metrics)


def test_a_second_copy_writes_nothing(metrics: list[Metric], copy: Callable[..., str]) -> None:
    copy()

    assert "; 0 were copied" in copy()


def test_a_copy_goes_on_where_it_was_interrupted(
    metrics: list[Metric],
    copy: Callable[..., str],
    chdb_store: ClickHouseStore,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    writes: list[int] = []
    append = chdb_store.append_history

    def appended(batch: ReadingBatch, now: int) -> None:
        writes.append(len(batch))
        if len(writes) == 2:
            raise KeyboardInterrupt
        append(batch, now)

    monkeypatch.setattr(chdb_store, "append_history", appended)
    with pytest.raises(KeyboardInterrupt):
        copy()

    assert "; 8,640 were copied" in copy()
    assert held(chdb_store, metrics) == held(store_at(""), metrics)


def test_only_the_days_that_differ_are_copied(
    metrics: list[Metric], copy: Callable[..., str]
) -> None:
    copy()
    late = ReadingBatch.of([metrics[0].pk], [START + DAY + 1], [5.0])
    store_at("").append(late)
    store_at("").seal(LATER)

    assert "; 1,441 were copied" in copy()


def test_verifying_writes_nothing_and_names_what_differs(
    metrics: list[Metric], copy: Callable[..., str]
) -> None:
    with pytest.raises(CommandError, match=rf"12 of 12 days differ: Metric {metrics[0].pk} on day"):
        copy(verify=True)


def test_history_comes_back_to_the_relational_store(
    metrics: list[Metric], copy: Callable[..., str], chdb_url: str
) -> None:
    copy()
    before = held(store_at(""), metrics)
    store_at("").delete([metric.pk for metric in metrics])

    copy(source=chdb_url, target="")

    assert held(store_at(""), metrics) == before


def test_a_store_is_not_copied_onto_itself(copy: Callable[..., str]) -> None:
    with pytest.raises(CommandError, match="same store"):
        copy(target="")


@pytest.mark.parametrize("url", ["carrier-pigeon://loft", "clickhouse://host/db?colour=blue"])
def test_an_unknown_store_is_named(copy: Callable[..., str], url: str) -> None:
    with pytest.raises(CommandError, match=r"carrier-pigeon|colour"):
        copy(target=url)


def test_a_checksum_tells_readings_apart() -> None:
    samples = Samples(np.array([1, 2]), np.array([0.0, 1.0]))
    zero = Samples(np.array([1, 2]), np.array([-0.0, 1.0]))
    other = Samples(np.array([1, 2]), np.array([0.0, 1.5]))

    assert copying.checksum(samples) == copying.checksum(zero)
    assert copying.checksum(samples) != copying.checksum(other)

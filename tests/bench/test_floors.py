"""The benchmark's floors read the tables as they are today."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from bench.queries import ChunksFloor
from energy.instants import to_micros
from history import get_store
from metrics.vocabulary import MetricType
from tests.support.factories import MetricFactory
from tests.support.readings import store

DAY = datetime(2026, 3, 1, tzinfo=UTC)
MINUTES = 1_440


@pytest.mark.django_db
@pytest.mark.parametrize("extremes", [False, True])
def test_chunks_floor_fetches_and_decodes_what_is_sealed(extremes: bool) -> None:
    """Of a gauge and of a counter: their readings, and their rollups with and without extremes."""
    metrics = [MetricFactory(type=MetricType.GAUGE), MetricFactory(type=MetricType.COUNTER)]
    for metric in metrics:
        store(metric, {DAY + timedelta(minutes=n): 1_000.0 + n for n in range(MINUTES)})
    get_store().seal(to_micros(DAY + timedelta(days=9)))
    connection.ensure_connection()
    floor = ChunksFloor.through(connection.connection)
    ids, day = [metric.pk for metric in metrics], (DAY - datetime(1970, 1, 1, tzinfo=UTC)).days

    assert floor.readings(ids, day, day + 1) == len(ids)
    assert floor.rollups(ids, day, day + 1, extremes=extremes) == len(ids)

"""An export may last as long as it takes: the database's limits hold for its single steps."""

from datetime import UTC, datetime, timedelta
from threading import Event

import numpy as np
import pytest
from django.db import connection

from energy.instants import MICROS_PER_SECOND, to_micros
from history.arrays import ReadingBatch
from tests.support.readings import store_readings

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
LIMIT = 0.4  # s
PAUSE = 0.5  # s that a slow reader takes for each piece
PIECES = 3


@pytest.fixture
def limits(transactional_db):
    """No statement, and no pause in a transaction, may last longer than LIMIT."""
    names = ("statement_timeout", "idle_in_transaction_session_timeout")
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            for name in names:
                cursor.execute(f"SET {name} = {round(LIMIT * 1000)}")
    yield
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            for name in names:
                cursor.execute(f"RESET {name}")


@pytest.mark.parametrize("query", ["", "&resolution=1m"])
def test_an_export_outlasts_the_limits(limits, client_for, standard, metric, query):
    # Three pages of readings, and as many blocks of buckets.
    count = 210_000
    times = to_micros(NOON) + np.arange(count) * 45 * MICROS_PER_SECOND
    metric_ids = np.full(count, metric.pk)
    for part in np.array_split(np.arange(count), 20):
        batch = ReadingBatch(metric_ids[part], times[part], np.ones(part.size))
        store_readings(batch, now=NOON + timedelta(days=200))
    address = f"/api/v1/metrics/{metric.pk}/export/?format=csv&start=2026-06-01&end=2026-12-01"

    answer = client_for(standard).get(address + query)
    lines = 0
    for piece, content in enumerate(answer.streaming_content):
        lines += content.count(b"\n")
        if piece < PIECES:
            Event().wait(PAUSE)

    assert lines > count * (0.7 if query else 1)

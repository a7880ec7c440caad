"""Migrations that move readings keep them."""

import numpy as np
import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from metrics.history import get_store
from metrics.history.arrays import ReadingBatch
from metrics.history.buckets import DAY, MINUTE
from metrics.models import Metric, Pack, Reading
from metrics.vocabulary import MetricType
from tests.factories import MetricFactory

NEWEST = "0006_extremes_apart"
START = 20_454 * DAY


def migrate(name: str) -> None:
    MigrationExecutor(connection).migrate([("metrics", name)])


@pytest.mark.django_db(transaction=True)
def test_readings_survive_being_laid_by_key_and_back(metric: Metric) -> None:
    Reading.objects.bulk_create(
        Reading(metric=metric, timestamp=timestamp, value=value)
        for timestamp, value in [(-1, -0.0), (0, 5e-324), (2**53 + 1, 1.1)]
    )
    before = list(Reading.objects.order_by("pk").values_list("metric_id", "timestamp", "value"))

    for name in ("0004_readings_held_by_the_door", NEWEST):
        migrate(name)
        after = Reading.objects.order_by("pk").values_list("metric_id", "timestamp", "value")
        assert list(after) == before


@pytest.mark.django_db(transaction=True)
def test_quarter_hours_survive_their_extremes_being_set_apart_and_back() -> None:
    gauge, counter = MetricFactory(), MetricFactory(type=MetricType.COUNTER, unit="Wh")
    rare = MetricFactory()
    days = START + MINUTE * np.arange(2 * 1440)
    for metric, timestamps in [(gauge, days + days % 977), (counter, days), (rare, days[::180])]:
        values = np.cumsum(np.sin(timestamps) + 1)
        ids = np.full(timestamps.size, metric.pk)
        get_store().append(ReadingBatch(ids, timestamps, values))
    get_store().seal(START + 9 * DAY)
    before = list(Pack.objects.order_by("pk").values())
    assert {bool(pack["extremes"]) for pack in before} == {True, False}

    migrate("0005_readings_by_key")
    migrate(NEWEST)

    assert list(Pack.objects.order_by("pk").values()) == before

"""Migrations that move readings keep them."""

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from metrics.models import Metric, Reading

BEFORE, AFTER = "0004_readings_held_by_the_door", "0005_readings_by_key"


def migrate(name: str) -> None:
    MigrationExecutor(connection).migrate([("metrics", name)])


@pytest.mark.django_db(transaction=True)
def test_readings_survive_being_laid_by_key_and_back(metric: Metric) -> None:
    Reading.objects.bulk_create(
        Reading(metric=metric, timestamp=timestamp, value=value)
        for timestamp, value in [(-1, -0.0), (0, 5e-324), (2**53 + 1, 1.1)]
    )
    before = list(Reading.objects.order_by("pk").values_list("metric_id", "timestamp", "value"))

    for name in (BEFORE, AFTER):
        migrate(name)
        after = Reading.objects.order_by("pk").values_list("metric_id", "timestamp", "value")
        assert list(after) == before

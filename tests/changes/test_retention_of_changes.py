"""How long changes are kept."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from changes.models import Change
from changes.services import prune
from tests.support.factories import DeviceFactory

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)


@pytest.fixture
def ages(db):
    """Changes that were made so many days before now."""
    for days in (0, 29, 30, 31, 400):
        with time_machine.travel(NOW - timedelta(days=days), tick=False):
            DeviceFactory()


def kept() -> set[int]:
    instants = Change.objects.exclude(content_type__app_label__in=["auth"])
    return {(NOW - instant).days for instant in instants.values_list("timestamp", flat=True)}


def test_what_is_older_is_deleted_a_block_at_a_time(ages, settings, monkeypatch):
    monkeypatch.setattr("changes.services.BLOCK", 2)
    settings.CHANGES_RETENTION_DAYS = 30
    assert prune(NOW) > 2
    assert {days for days in kept() if days >= 0} == {0, 29, 30}
    assert prune(NOW) == 0


def test_zero_keeps_them_for_ever(ages, settings):
    settings.CHANGES_RETENTION_DAYS = 0
    before = Change.objects.count()
    assert prune(NOW) == 0
    assert Change.objects.count() == before


def test_the_default_is_two_years(settings):
    assert settings.CHANGES_RETENTION_DAYS == 730

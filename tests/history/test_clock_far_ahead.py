"""A server whose clock is years ahead deletes nothing for good: not until somebody says so."""

import logging
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core.management import CommandError, call_command
from rest_framework.test import APIClient

from accounts.models import ApiToken
from accounts.tasks import delete_expired_tokens
from changes.models import Change
from changes.tasks import prune_changes
from history import get_store
from history.tasks import prune_history
from tests.support.factories import LatestFactory
from tests.support.readings import store

NOW = datetime(2026, 6, 30, 12, tzinfo=UTC)
AHEAD = datetime(2031, 6, 30, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def clock(metric, settings):
    """It is 2026, three days are read, and a year is kept; then the clock says 2031."""
    settings.HISTORY_RETENTION_DAYS = settings.CHANGES_RETENTION_DAYS = 365
    with time_machine.travel(NOW, tick=False) as traveller:
        store(metric, {NOW - timedelta(days=days): 1.0 for days in range(3)})
        yield traveller


@pytest.fixture
def ahead(clock):
    clock.move_to(AHEAD)


def test_the_worker_prunes_no_readings_and_says_what_to_do(metric, ahead, caplog):
    with caplog.at_level(logging.ERROR):
        prune_history.call_local()
    assert get_store().count([metric.pk]) == 3
    (line,) = caplog.messages
    assert "the clock says 2031-06-30, and the newest reading is of 2026-06-30" in line
    assert "Set the clock right. If it is right, use --force" in line


def test_readings_that_keep_coming_in_do_not_confirm_a_clock_that_dates_only_their_arrival(
    metric, ahead
):
    store(metric, {NOW + timedelta(minutes=5): 1.0}, now=AHEAD)
    prune_history.call_local()
    assert get_store().count([metric.pk]) == 4


def test_a_device_whose_own_clock_is_ahead_confirms_nothing(metric, clock):
    latest = metric.latest
    latest.timestamp = AHEAD
    latest.save()
    clock.move_to(AHEAD)
    prune_history.call_local()
    assert get_store().count([metric.pk]) == 3


def test_the_command_refuses_unless_it_is_forced(metric, ahead):
    with pytest.raises(CommandError, match="--force"):
        call_command("prune_history")
    assert get_store().count([metric.pk]) == 3
    call_command("prune_history", force=True)
    assert get_store().count([metric.pk]) == 0


def test_where_nothing_is_due_nothing_is_said(ahead, settings, caplog):
    settings.HISTORY_RETENTION_DAYS = 0
    with caplog.at_level(logging.ERROR):
        prune_history.call_local()
    assert caplog.messages == []


@pytest.mark.parametrize(("days", "left"), [(7, 1), (8, 3)])
def test_a_week_without_readings_is_believed_and_no_day_more(metric, clock, settings, days, left):
    settings.HISTORY_RETENTION_DAYS = days
    clock.move_to(NOW + timedelta(days=days))
    prune_history.call_local()
    assert get_store().count([metric.pk]) == left


def test_changes_stay_until_somebody_forces_it(ahead):
    count = Change.objects.count()
    prune_changes.call_local()
    with pytest.raises(CommandError, match="--force"):
        call_command("prune_changes")
    assert Change.objects.count() == count > 0
    call_command("prune_changes", force=True)
    assert Change.objects.count() == 0


def test_a_token_works_again_once_the_clock_is_right(technician, clock):
    _, key = ApiToken.objects.create(user=technician, expiry=timedelta(days=365))
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Token {key}")
    clock.move_to(AHEAD)
    assert client.get("/api/v1/me/").status_code == 401
    delete_expired_tokens.call_local()
    clock.move_to(NOW)
    assert client.get("/api/v1/me/").status_code == 200


def test_a_clock_that_is_right_is_believed(metric, clock, settings):
    settings.HISTORY_RETENTION_DAYS = 1
    LatestFactory(metric__device=metric.device, timestamp=NOW + timedelta(days=400))
    clock.move_to(NOW + timedelta(days=400))
    prune_history.call_local()
    assert get_store().count([metric.pk]) == 0

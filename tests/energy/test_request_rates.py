"""How many requests a minute are taken: of a token, of a user, across processes."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from rest_framework.test import APIClient

from accounts.models import ApiToken, User
from energy.instants import to_micros
from energy.rates import Rate
from energy.spending import spend

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
ME = "/api/v1/me/"
READINGS = "/api/v1/readings/"


@pytest.fixture(autouse=True)
def clock() -> Any:
    with time_machine.travel(NOW, tick=False) as travelling:
        yield travelling


def by_token(user: User) -> APIClient:
    _, key = ApiToken.objects.create(user=user)
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Token {key}")
    return client


def statuses(client: APIClient, count: int) -> list[int]:
    return [client.get(ME).status_code for _ in range(count)]


@pytest.mark.parametrize("setting", ["API_RATE_PER_TOKEN", "API_RATE_PER_USER"])
def test_up_to_the_rate_all_is_taken_and_the_next_is_refused(technician, settings, setting):
    setattr(settings, setting, "3/min")
    client = by_token(technician)
    assert statuses(client, 3) == [200] * 3
    refused = client.get(ME)
    assert refused.status_code == 429
    assert refused["Retry-After"] == "20"
    assert refused["Content-Type"] == "application/problem+json"
    assert refused.json()["errors"][0]["code"] == "too_many_requests"


def test_after_the_wait_that_was_told_one_more_is_taken(technician, settings, clock):
    settings.API_RATE_PER_USER = "3/min"
    client = by_token(technician)
    assert statuses(client, 4) == [200, 200, 200, 429]
    clock.shift(timedelta(seconds=19.9))
    assert statuses(client, 1) == [429]
    clock.shift(timedelta(seconds=0.1))
    assert statuses(client, 2) == [200, 429]


def test_tokens_are_counted_apart_and_users_together(technician, standard, settings):
    settings.API_RATE_PER_TOKEN, settings.API_RATE_PER_USER = "2/min", "3/min"
    assert statuses(by_token(technician), 3) == [200, 200, 429]
    assert statuses(by_token(technician), 2) == [200, 429]
    assert statuses(by_token(standard), 2) == [200, 200]


def test_readings_are_counted_apart(technician, settings):
    settings.API_RATE_PER_USER, settings.READINGS_RATE_PER_USER = "1/min", "2/min"
    client = by_token(technician)
    assert statuses(client, 2) == [200, 429]
    assert [client.post(READINGS, {"readings": []}).status_code for _ in range(3)][2] == 429
    settings.READINGS_RATE_PER_TOKEN = "1/min"
    other = by_token(technician)
    settings.READINGS_RATE_PER_USER = "9/min"
    assert [other.post(READINGS, {"readings": []}).status_code for _ in range(2)][1] == 429


def test_zero_takes_any_number(technician, settings):
    settings.API_RATE_PER_USER = settings.API_RATE_PER_TOKEN = "0/min"
    assert statuses(by_token(technician), 20) == [200] * 20


def test_counting_takes_no_query(technician, settings, django_assert_num_queries):
    client = by_token(technician)
    client.get(ME)
    with django_assert_num_queries(3):  # token with its user, group, Sites
        client.get(ME)


def test_a_count_of_a_clock_that_was_ahead_is_forgotten(settings):
    rate, now = Rate.of("1/min"), to_micros(NOW)
    assert spend("key", rate, now + 10**12) == 0
    assert spend("key", rate, now) == 0
    assert spend("key", rate, now) == 60


def test_processes_count_together(settings):
    """Four at once, each 500 times: together exactly what the rate lets through."""
    asking = (
        "import sys; from django.conf import settings\n"
        "settings.configure(RUN_DIR=sys.argv[1])\n"
        "from energy.rates import Rate\nfrom energy.spending import spend\n"
        "print(sum(spend('key', Rate.of('700/min'), 10**15) == 0 for _ in range(500)))"
    )
    command = [sys.executable, "-c", asking, str(settings.RUN_DIR)]
    running = [
        subprocess.Popen(command, stdout=subprocess.PIPE, cwd=settings.BASE_DIR, text=True)
        for _ in range(4)
    ]
    taken = [int(process.communicate(timeout=60)[0]) for process in running]
    assert sum(taken) == 700

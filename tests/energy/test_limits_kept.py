"""Every row of docs/limits.md: what is at the limit is taken, what is one past it is not."""

import gzip
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import time_machine
from django.conf import settings
from django.core.exceptions import ValidationError
from rest_framework.test import APIClient

from accounts.models import User
from changes.models import Change
from devices.models import Device
from ingest.models import Alias
from ingest.names import ExternalName
from metrics.models import Metric
from tests.energy.test_limits import DEFAULTS, TABLES
from tests.support.factories import MetricFactory, SubscriptionFactory
from tests.support.readings import store

API = "/api/v1/"
NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
Asked = Callable[["Side", int], int]
ROOT = Path(settings.BASE_DIR)

# Where the edge of a limit is tested that takes a server, a clock or several processes.
ELSEWHERE = {
    "REQUEST_MAX_BYTES": "energy/test_bodies.py::no_byte_larger",
    "SIGN_IN_MAX_BYTES": "energy/test_bodies.py::no_byte_larger",
    "MAX_BODY_BYTES": "energy/test_bodies.py::no_byte_larger",
    "INGEST_DISCOVER_NAMES": "ingest/test_names_from_outside.py::INGEST_DISCOVER_NAMES",
    "INGEST_DISCOVER_READINGS": "ingest/test_names_from_outside.py::INGEST_DISCOVER_READINGS",
    "INGEST_DISCOVER_DAYS": "ingest/test_naming_api.py::what_has_waited_too_long_is_dropped",
    "API_RATE_PER_TOKEN": "energy/test_request_rates.py::up_to_the_rate_all_is_taken",
    "API_RATE_PER_USER": "energy/test_request_rates.py::up_to_the_rate_all_is_taken",
    "READINGS_RATE_PER_TOKEN": "energy/test_request_rates.py::readings_are_counted_apart",
    "READINGS_RATE_PER_USER": "energy/test_request_rates.py::readings_are_counted_apart",
    "LOGIN_RATE": "deploy/test_doors.py::of_eighty_tries_at_once",
    "EXPORTS_PER_USER": "export/test_slots.py::a_user_has_two_at_once",
    "EXPORTS_AT_ONCE": "export/test_slots.py::there_are_only_so_many_in_all",
    "ANSWER_MIN_RATE": "deploy/test_doors.py::who_reads_an_export_too_slowly",
    "ANSWER_GRACE": "deploy/test_doors.py::who_reads_an_export_fast_enough",
    "CHANGES_RETENTION_DAYS": "changes/test_retention_of_changes.py::what_is_older_is_deleted",
    "HISTORY_RETENTION_DAYS": "history/test_retention.py::what_is_older_goes_by_whole_days",
    "STREAMS_PER_USER": "live/test_process.py::status_code == 429",
    "figures.notes.MOST_NAMED": "figures/test_equipment.py::12 more",
    "ingest.importing.keeping.MAX_UNPACKED": "ingest/importing/test_imports_api.py::MAX_UNPACKED",
    "ingest.importing.progress.MOST_ATTEMPTS": "ingest/importing/test_imports_api.py::never_gets",
    "ingest.importing.progress.MOST_KEPT": "ingest/importing/test_imports_api.py::MOST_KEPT",
    "ingest.layouts.columns.MAX_SERIES": "ingest/layouts/test_not_understood.py::so_many_series",
    "ingest.lines.answers.MOST_NAMED": "ingest/lines/test_write.py::at_most_a_hundred_bad_lines",
    "ingest.lines.answers.MOST_QUOTED": "ingest/lines/test_write.py::is_quoted_in_part",
    "ingest.mqtt.connection.MAX_PACKET_BYTES": "ingest/mqtt/test_consumer.py::is_too_large",
    "ingest.mqtt.connection.MAX_UNACKNOWLEDGED": "ingest/mqtt/test_nothing_is_lost.py::def test",
    "ingest.mqtt.inbox.MOST_UNSECURED": "ingest/mqtt/test_inbox.py::MOST_UNSECURED",
    "ingest.mqtt.proposed.MOST_PROPOSED": "ingest/mqtt/test_discovery.py::MOST_PROPOSED",
}


class Side(NamedTuple):
    """Who asks, and of what."""

    client: APIClient
    technician: User
    device: Device
    metric: Metric


class Case(NamedTuple):
    """How to ask for so many of something, and a lower limit where the real one takes long."""

    ask: Asked
    lowered: int = 0
    taken: int = 200


@pytest.fixture
def side(api_client_for: Any, technician: User, device: Device, metric: Metric) -> Side:
    return Side(api_client_for(technician), technician, device, metric)


def get(address: str) -> Asked:
    """Ask for an address with `{n}` in it, and read the answer to its end."""

    def ask(side: Side, n: int) -> int:
        until = (NOON + timedelta(minutes=n)).strftime("%Y-%m-%dT%H:%M:%SZ")
        named = address.format(n=n, metric=side.metric.pk, device=side.device.pk, until=until)
        answer = side.client.get(API + named)
        if answer.streaming:
            b"".join(answer.streaming_content)
        return int(answer.status_code)

    return ask


def minutes_of(address: str) -> Asked:
    """Ask for so many buckets of a minute."""
    return get(f"{address}resolution=1m&start=2026-06-01T12:00:00Z&end={{until}}")


def row(side: Side, n: int, value: object = 1.0) -> dict[str, object]:
    at = NOON + timedelta(seconds=n)
    return {"metric": side.metric.pk, "timestamp": at.isoformat(), "value": value}


def post_readings(side: Side, n: int) -> int:
    body = {"readings": [row(side, index) for index in range(n)]}
    return int(side.client.post(f"{API}readings/", body).status_code)


def post_unpacked(side: Side, n: int) -> int:
    body = json.dumps({"readings": [row(side, 0)]}).encode().ljust(n)
    packed = gzip.compress(body)
    headers = {"content_type": "application/json", "HTTP_CONTENT_ENCODING": "gzip"}
    return int(side.client.generic("POST", f"{API}readings/", packed, **headers).status_code)


def post_device(side: Side, n: int) -> int:
    metrics = [{"key": f"key_{index}"} for index in range(n)]
    body = {"site": side.device.site_id, "name": f"{n}", "kind": "battery", "metrics": metrics}
    return int(side.client.post(f"{API}devices/", body).status_code)


def metrics_up_to(side: Side, n: int) -> list[int]:
    """The ids of `n` Metrics."""
    numbers = range(side.device.metrics.count(), n)
    Metric.objects.bulk_create(
        Metric(device=side.device, key=f"n{number}", name="N", unit="1") for number in numbers
    )
    return list(side.device.metrics.values_list("pk", flat=True)[:n])


def post_subscription(side: Side, n: int) -> int:
    body = {"name": f"{n}", "metrics": metrics_up_to(side, n)}
    return int(side.client.post(f"{API}subscriptions/", body).status_code)


def get_latest(side: Side, n: int) -> int:
    ids = ",".join(map(str, metrics_up_to(side, n)))
    return int(side.client.get(f"{API}metrics/latest/?ids={ids}").status_code)


def get_durations(side: Side, n: int) -> int:
    metric = MetricFactory(device=side.device, type="state", unit="1")
    store(metric, {NOON + timedelta(minutes=index): float(index) for index in range(n)})
    return minutes_of(f"metrics/{metric.pk}/timeseries/?aggregate=duration&")(side, n)


def get_two_series(side: Side, n: int) -> int:
    """As many buckets in all, of two Metrics."""
    both = [side.metric, MetricFactory(device=side.device)]
    pk = SubscriptionFactory(owner=side.technician, metrics=both).pk
    return minutes_of(f"subscriptions/{pk}/timeseries/?")(side, -(-n // 2))


def fail(side: Side, n: int) -> int:
    """The answer to the n-th wrong password."""
    statuses = [_wrong_password("192.0.2.1") for _ in range(n)]
    return statuses[-1]


def fail_as_strangers(side: Side, n: int) -> int:
    """The same from several addresses, each of which has failures to spare."""
    return [_wrong_password(f"192.0.2.{index // 4}") for index in range(n)][-1]


def _wrong_password(address: str) -> int:
    body = {"username": "tess", "password": "wrong"}
    return int(APIClient().post(f"{API}auth/login/", body, REMOTE_ADDR=address).status_code)


CASES = {
    "INGEST_MAX_UNPACKED_BYTES": Case(post_unpacked, lowered=500),
    "INGEST_MAX_READINGS": Case(post_readings, lowered=3),
    "energy.pagination.MAX_PAGE_SIZE": Case(get("sites/?page_size={n}")),
    "devices.serializers.MAX_METRICS": Case(post_device, taken=201),
    "subscriptions.serializers.MAX_METRICS": Case(post_subscription, taken=201),
    "metrics.viewsets.MAX_IDS": Case(get_latest),
    "timeseries.queries.MAX_POINTS": Case(get("metrics/{metric}/timeseries/?max_points={n}")),
    "timeseries.answers.MAX_BUCKETS": Case(minutes_of("metrics/{metric}/timeseries/?")),
    "timeseries.answers.MAX_BUCKETED_POINTS": Case(get_two_series, lowered=10),
    "timeseries.durations.MAX_STATES": Case(get_durations),
    "export.buckets.MAX_LINEAR": Case(
        minutes_of("metrics/{metric}/export/?format=csv&fill=linear&"), lowered=10
    ),
    "accounts.throttling.FREE_FAILURES": Case(fail, taken=401),
    "accounts.throttling.FREE_FAILURES_OF_STRANGERS": Case(fail_as_strangers, taken=401),
}
# What is past these is not refused, but left out: each has a test of its own below.
TOLD = {
    "ingest.viewsets.MOST_NAMED",
    "timeseries.answers.MAX_RAW_POINTS",
    "changes.models.MAX_TEXT",
    "changes.models.MAX_NAMES",
    "ingest.names.MAX_NAME",
    "ingest.models.MAX_SOURCE",
}


def test_every_row_of_the_table_is_tested() -> None:
    assert {*ELSEWHERE, *CASES, *TOLD} == DEFAULTS.keys()


@pytest.mark.parametrize("name", ELSEWHERE)
def test_what_is_tested_elsewhere_is_there(name: str) -> None:
    path, _, words = ELSEWHERE[name].partition("::")
    assert words in (ROOT / "tests" / path).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", CASES)
def test_at_the_limit_all_is_taken_and_one_past_it_nothing(
    name: str, side: Side, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = CASES[name]
    limit = case.lowered or int(DEFAULTS[name])
    if case.lowered:
        lower(name, limit, monkeypatch)
    refused = int(past(name))
    with time_machine.travel(NOON + timedelta(days=100), tick=False):
        side.client.force_login(side.technician)
        assert case.ask(side, limit) == case.taken
    with time_machine.travel(NOON + timedelta(days=110), tick=False):
        side.client.force_login(side.technician)
        assert case.ask(side, limit + 1) == refused


def lower(name: str, limit: int, monkeypatch: pytest.MonkeyPatch) -> None:
    if "." in name:
        monkeypatch.setattr(name, limit)
    else:
        monkeypatch.setattr(settings, name, limit)


def past(name: str) -> str:
    """What the table says is answered past a limit."""
    (line,) = (line for line in TABLES.splitlines() if f"`{name}`" in line)
    return line.split("|")[4].strip()


@pytest.mark.parametrize(("count", "named"), [(100, 100), (101, 100)])
def test_of_bad_readings_so_many_are_named(side: Side, count: int, named: int) -> None:
    body = {"readings": [row(side, index, "wrong") for index in range(count)]}
    answer = side.client.post(f"{API}readings/", body).json()
    assert len(answer["errors"]) == named
    assert ("The first 100 are named." in answer["detail"]) == (count > named)


@pytest.mark.parametrize(("count", "is_cut"), [(3, False), (4, True)])
def test_of_raw_points_so_many_are_answered_at_a_time(
    side: Side, monkeypatch: pytest.MonkeyPatch, count: int, is_cut: bool
) -> None:
    monkeypatch.setattr("timeseries.answers.MAX_RAW_POINTS", 3)
    store(side.metric, {NOON + timedelta(minutes=index): 1.0 for index in range(count)})
    window = "resolution=raw&start=2026-06-01&end=2026-06-02"
    answer = side.client.get(f"{API}metrics/{side.metric.pk}/timeseries/?{window}").json()
    assert answer["truncated"] == is_cut
    assert (answer["next_cursor"] is not None) == is_cut
    assert len(answer["series"][0]["values"]) == 3


@pytest.mark.parametrize("length", [1_000, 1_001])
def test_of_a_text_so_many_characters_are_logged(side: Side, length: int) -> None:
    side.client.patch(f"{API}devices/{side.device.pk}/", {"notes": "x" * length})
    told = Change.objects.newest_first()[0].changes["notes"][1]
    assert told == "x" * 1_000 + "…" * (length > 1_000)


@pytest.mark.parametrize("count", [50, 51])
def test_of_a_relation_so_many_names_are_logged(side: Side, count: int) -> None:
    subscription = SubscriptionFactory(owner=side.technician)
    subscription.metrics.add(*metrics_up_to(side, count))
    told = Change.objects.newest_first()[0].changes["metrics"]
    assert (len(told["objects"]), told["count"]) == (50, count)


@pytest.mark.parametrize(("length", "is_valid"), [(500, True), (501, False)])
def test_a_name_from_outside_has_so_many_characters(length: int, is_valid: bool) -> None:
    assert ExternalName("x" * length).is_valid == is_valid


@pytest.mark.parametrize(("length", "is_taken"), [(80, True), (81, False)])
def test_a_source_has_a_name_of_so_many_characters(length: int, is_taken: bool) -> None:
    try:
        Alias(source="x" * length).clean_fields()
    except ValidationError as refused:
        faults = refused.message_dict
    assert ("source" not in faults) == is_taken

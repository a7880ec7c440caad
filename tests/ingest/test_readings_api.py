"""`POST /api/v1/readings/`: what is accepted, from whom, and what is stored then."""

import gzip
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from devices.models import Device
from history.models import Reading
from metrics.models import Latest, Metric
from sites.models import Site
from tests.support.factories import MetricFactory
from tests.support.posting import NOON, URL, faults, named, row, stored

Post = Callable[..., Any]


# What is accepted ------------------------------------------------------------------------


def test_rows_by_metric_id_are_stored(post: Post, metric: Metric) -> None:
    answer = post({"readings": [row(metric)]})
    assert (answer.status_code, answer.json()) == (200, {"accepted": 1, "rejected": []})
    assert stored(metric) == [(NOON, 1.5)]
    assert Latest.objects.get(metric=metric).value == 1.5


def test_rows_by_site_device_and_key_are_stored(post: Post, metric: Metric) -> None:
    assert post({"readings": [named(metric)]}).json()["accepted"] == 1
    assert stored(metric) == [(NOON, 1.5)]


def test_columns_of_one_metric_are_stored(post: Post, metric: Metric) -> None:
    times = [NOON, "2026-06-01T12:01:00Z"]
    answer = post({"metric": metric.pk, "timestamps": times, "values": [1, 2.5]})
    assert answer.json() == {"accepted": 2, "rejected": []}
    assert stored(metric) == [(times[0], 1.0), (times[1], 2.5)]


def test_columns_of_one_named_metric_are_stored(post: Post, metric: Metric) -> None:
    names = {"site": "harbour-depot", "device": "main-meter", "key": "active_power"}
    assert post({**names, "timestamps": [NOON], "values": [2]}).json()["accepted"] == 1
    assert stored(metric) == [(NOON, 2.0)]


def test_all_forms_may_be_mixed_in_one_request(post: Post, metric: Metric) -> None:
    columns = {
        "metric": metric.pk,
        "timestamps": ["2026-06-01T12:02:00Z", "2026-06-01T12:03:00Z"],
        "values": [3, 4],
    }
    second = named(metric, timestamp="2026-06-01T12:01:00Z", value=2)
    assert post({"readings": [row(metric), second, columns]}).json()["accepted"] == 4
    assert [value for _, value in stored(metric)] == [1.5, 2.0, 3.0, 4.0]


def test_timestamps_are_kept_to_the_microsecond_whatever_their_offset(
    post: Post, metric: Metric
) -> None:
    times = ["2026-06-01T14:00:00.000001+02:00", "2026-06-01T06:29:59.999999-05:30"]
    post({"metric": metric.pk, "timestamps": times, "values": [2, 1]})
    assert [when for when, _ in stored(metric)] == [
        "2026-06-01T11:59:59.999999Z",
        "2026-06-01T12:00:00.000001Z",
    ]


def test_a_request_without_readings_is_accepted(post: Post) -> None:
    assert post({"readings": []}).json() == {"accepted": 0, "rejected": []}


def test_the_same_request_again_is_accepted_and_changes_nothing(post: Post, metric: Metric) -> None:
    for _ in range(2):
        assert post({"readings": [row(metric)]}).json() == {"accepted": 1, "rejected": []}
    assert stored(metric) == [(NOON, 1.5)]


def test_of_one_instant_twice_in_a_request_the_last_wins(post: Post, metric: Metric) -> None:
    body = {"readings": [row(metric), named(metric, value=9.0)]}
    assert post(body).json() == {"accepted": 2, "rejected": []}
    assert stored(metric) == [(NOON, 9.0)]


def test_a_reading_up_to_a_day_ahead_is_accepted(post: Post, metric: Metric) -> None:
    soon = timezone.now() + timedelta(hours=23, minutes=59)
    assert post({"readings": [row(metric, timestamp=soon.isoformat())]}).status_code == 200


def test_a_gzipped_body_is_accepted(post: Post, metric: Metric) -> None:
    body = gzip.compress(json.dumps({"readings": [row(metric)]}).encode())
    assert post(body, **{"Content-Encoding": "gzip"}).json()["accepted"] == 1


def test_a_gzipped_body_of_several_members_is_accepted(post: Post, metric: Metric) -> None:
    text = json.dumps({"readings": [row(metric)]}).encode()
    body = gzip.compress(text[:20]) + gzip.compress(text[20:])
    assert post(body, **{"Content-Encoding": "gzip"}).json()["accepted"] == 1


@pytest.mark.parametrize("form", [row, named])
@pytest.mark.parametrize("count", [1, 3, 30])
def test_the_number_of_queries_does_not_grow_with_the_metrics(
    form: Callable[..., Any],
    count: int,
    post: Post,
    device: Device,
    django_assert_max_num_queries: Any,
) -> None:
    metrics = MetricFactory.create_batch(count, device=device)
    body = {"readings": [form(metric) for metric in metrics]}
    with django_assert_max_num_queries(10):
        assert post(body).json()["accepted"] == count


# Who may ---------------------------------------------------------------------------------


def test_whoever_is_not_signed_in_is_turned_away(metric: Metric, api_client_for: Any) -> None:
    answer = api_client_for(None).post(URL, {"readings": [row(metric)]})
    assert answer.status_code == 401


@pytest.mark.parametrize("persona", ["standard", "outsider"])
def test_who_is_no_technician_may_not_write(
    persona: str, metric: Metric, api_client_for: Any, request: pytest.FixtureRequest
) -> None:
    client = api_client_for(request.getfixturevalue(persona))
    assert client.post(URL, {"readings": [row(metric)]}).status_code == 403
    assert not Reading.objects.exists()


def test_the_administrator_may_write_to_any_site(
    foreign_metric: Metric, api_client_for: Any, administrator: User
) -> None:
    answer = api_client_for(administrator).post(URL, {"readings": [row(foreign_metric)]})
    assert answer.json()["accepted"] == 1


def test_a_metric_of_a_foreign_site_is_refused_like_one_that_does_not_exist(
    post: Post, metric: Metric, foreign_metric: Metric
) -> None:
    by_id = post({"readings": [row(foreign_metric), row(metric, metric=2**63 - 1)]})
    by_name = post({"readings": [named(foreign_metric), named(metric, key="no_such_key")]})
    for answer in (by_id, by_name):
        assert faults(answer) == [
            ("readings.0", "unknown_metric"),
            ("readings.1", "unknown_metric"),
        ]
        first, second = answer.json()["errors"]
        assert first["message"] == second["message"]


# In part ---------------------------------------------------------------------------------


def test_partial_stores_the_good_rows_and_lists_the_bad_ones(
    post: Post, metric: Metric, foreign_metric: Metric
) -> None:
    body = {"readings": [row(metric, value="x"), row(metric), row(foreign_metric)]}
    answer = post(body, query="?partial=true")
    assert answer.status_code == 200
    assert answer.json()["accepted"] == 1
    assert [(one["index"], one["code"]) for one in answer.json()["rejected"]] == [
        (0, "invalid_value"),
        (2, "unknown_metric"),
    ]
    assert all(one["reason"] for one in answer.json()["rejected"])
    assert stored(metric) == [(NOON, 1.5)]


def test_partial_lists_every_bad_row_however_many(post: Post, metric: Metric) -> None:
    answer = post({"readings": [row(metric, value=None)] * 150}, query="?partial=true")
    assert answer.json()["accepted"] == 0
    assert len(answer.json()["rejected"]) == 150


def test_a_site_that_was_taken_away_takes_its_metrics_along(
    post: Post, metric: Metric, site: Site, technician: User
) -> None:
    site.assignments.filter(user=technician).delete()
    assert faults(post({"readings": [row(metric)]})) == [("readings.0", "unknown_metric")]

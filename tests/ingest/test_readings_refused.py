"""`POST /api/v1/readings/`: what is refused; nothing of it is stored."""

import gzip
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis.extra.django import TestCase as HypothesisTestCase
from rest_framework.test import APIClient

from accounts.models import User
from history.models import Reading
from metrics.models import Metric
from tests.ingest.test_json import garbage
from tests.support.factories import UserFactory
from tests.support.posting import NOON, URL, faults, named, row

Post = Callable[..., Any]


# What is refused -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"value": None}, "invalid_value"),
        ({"value": "1.5"}, "invalid_value"),
        ({"value": True}, "invalid_value"),
        ({"value": [1]}, "invalid_value"),
        ({"value": 10**400}, "invalid_value"),
        ({"timestamp": None}, "invalid_timestamp"),
        ({"timestamp": 1780315200}, "invalid_timestamp"),
        ({"timestamp": "yesterday"}, "invalid_timestamp"),
        ({"timestamp": "2026-06-01"}, "invalid_timestamp"),
        ({"timestamp": "2026-06-01T12:00:00"}, "invalid_timestamp"),
        ({"timestamp": "2026-02-30T12:00:00Z"}, "invalid_timestamp"),
        ({"timestamp": "99999-06-01T12:00:00Z"}, "invalid_timestamp"),
        ({"timestamp": "1999-12-31T23:59:59.999999Z"}, "too_early"),
        ({"timestamp": "0001-01-01T00:00:00+14:00"}, "too_early"),
        ({"timestamp": "9999-12-31T23:59:59-14:00"}, "in_future"),
        ({"metric": 0}, "invalid_metric"),
        ({"metric": -1}, "invalid_metric"),
        ({"metric": True}, "invalid_metric"),
        ({"metric": "1"}, "invalid_metric"),
        ({"metric": 1.5}, "invalid_metric"),
        ({"metric": 2**63}, "invalid_metric"),
        ({"metric": None}, "invalid_metric"),
        ({"unit": "W"}, "invalid_reading"),
        ({"site": "harbour-depot"}, "invalid_reading"),
        ({"values": [1.0]}, "invalid_reading"),
    ],
)
def test_a_bad_row_is_refused_and_named(
    changes: dict[str, Any], code: str, post: Post, metric: Metric
) -> None:
    answer = post({"readings": [row(metric), row(metric, **changes)]})
    assert faults(answer) == [("readings.1", code)]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"site": 5}, "invalid_site"),
        ({"device": None}, "invalid_device"),
        ({"key": ["active_power"]}, "invalid_key"),
        ({"site": "no\u0000where"}, "unknown_metric"),
        ({"key": "zähler"}, "unknown_metric"),
        ({"key": ""}, "unknown_metric"),
        ({"device": "x" * 100_000}, "unknown_metric"),
    ],
)
def test_a_bad_name_is_refused_and_named(
    changes: dict[str, Any], code: str, post: Post, metric: Metric
) -> None:
    assert faults(post({"readings": [named(metric, **changes)]})) == [("readings.0", code)]


@pytest.mark.parametrize("missing", ["metric", "timestamp", "value"])
def test_a_row_that_lacks_a_member_is_refused(missing: str, post: Post, metric: Metric) -> None:
    incomplete = row(metric)
    del incomplete[missing]
    assert faults(post({"readings": [incomplete]})) == [("readings.0", "invalid_reading")]


@pytest.mark.parametrize("nothing", [None, 1, "a", [], {}, True])
def test_what_is_no_row_is_refused(nothing: Any, post: Post, metric: Metric) -> None:
    answer = post({"readings": [row(metric), nothing]})
    assert faults(answer) == [("readings.1", "invalid_reading")]


def test_a_number_too_great_for_a_double_is_refused(post: Post, metric: Metric) -> None:
    body = json.dumps({"readings": [row(metric)]}).replace("1.5", "1e999").encode()
    assert faults(post(body)) == [("readings.0", "not_finite")]


def test_over_a_day_ahead_is_refused(post: Post, metric: Metric) -> None:
    ahead = (timezone.now() + timedelta(days=1, minutes=1)).isoformat()
    assert faults(post({"readings": [row(metric, timestamp=ahead)]})) == [
        ("readings.0", "in_future")
    ]


@pytest.mark.parametrize(
    ("columns", "code"),
    [
        ({"timestamps": [NOON], "values": []}, "invalid_values"),
        ({"timestamps": [NOON], "values": [1, 2]}, "invalid_reading"),
        ({"timestamps": NOON, "values": [1]}, "invalid_timestamps"),
        ({"timestamps": [NOON]}, "invalid_reading"),
        ({"timestamps": [NOON], "values": [1], "value": 1}, "invalid_reading"),
        ({"timestamps": [NOON], "values": [1], "unit": "W"}, "invalid_reading"),
        ({"timestamps": [NOON], "values": ["1"]}, "invalid_value"),
    ],
)
def test_columns_that_do_not_fit_are_refused(
    columns: dict[str, Any], code: str, post: Post, metric: Metric
) -> None:
    assert faults(post({"metric": metric.pk, **columns})) == [("readings.0", code)]


def test_a_position_counts_the_readings_in_columns_before_it(post: Post, metric: Metric) -> None:
    columns = {"metric": metric.pk, "timestamps": [NOON, NOON, "now"], "values": [1, "2", 3]}
    answer = post({"readings": [columns, row(metric, value=None)]})
    assert faults(answer) == [
        ("readings.1", "invalid_value"),
        ("readings.2", "invalid_timestamp"),
        ("readings.3", "invalid_value"),
    ]


def test_a_refusal_names_a_hundred_and_tells_how_many_there_were(
    post: Post, metric: Metric
) -> None:
    answer = post({"readings": [row(metric, value=None)] * 150})
    assert len(faults(answer)) == 100
    assert "150" in answer.json()["detail"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" ",
        b"{",
        b"[]",
        b"1",
        b"null",
        b"{}",
        b'{"readings": null}',
        b'{"readings": {}}',
        b'{"readings": [], "source": "x"}',
        b'{"readings": [NaN]}',
        b'{"readings": ["\xff"]}',
        b'{"readings": ["\\ud800"]}',
        b'{"readings": [' + b"1" * 5_000 + b"]}",
        b"[" * 100_000,
        b'{"readings": ' + b"[" * 100_000,
    ],
)
def test_a_body_in_no_known_form_is_refused(body: bytes, post: Post) -> None:
    assert len(faults(post(body))) == 1


@pytest.mark.parametrize("value", ["", "yes", "1", "TRUE"])
def test_an_unknown_value_of_partial_is_refused(value: str, post: Post, metric: Metric) -> None:
    answer = post({"readings": [row(metric)]}, query=f"?partial={value}")
    assert [field for field, _ in faults(answer)] == ["partial"]


def test_an_unknown_parameter_is_refused(post: Post, metric: Metric) -> None:
    answer = post({"readings": [row(metric)]}, query="?partail=true")
    assert [field for field, _ in faults(answer)] == ["partail"]


# Limits ----------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["rows", "columns", "faulty"])
def test_more_readings_than_a_request_may_hold_are_refused(
    form: str, post: Post, metric: Metric, settings: Any
) -> None:
    settings.INGEST_MAX_READINGS = 3
    body = {
        "rows": {"readings": [row(metric)] * 4},
        "columns": {"metric": metric.pk, "timestamps": [NOON] * 4, "values": [1] * 4},
        "faulty": {"readings": [None] * 4},
    }[form]
    answer = post(body)
    assert answer.status_code == 413
    assert answer.json()["errors"][0]["code"] == "too_many_readings"
    assert not Reading.objects.exists()


def test_a_body_of_countless_members_is_refused_before_it_is_decoded(
    post: Post, settings: Any
) -> None:
    settings.INGEST_MAX_READINGS = 3
    assert post(b'{"readings": [' + b"[]," * 3_000).status_code == 413


def test_a_body_over_the_limit_is_refused(post: Post, metric: Metric, settings: Any) -> None:
    settings.INGEST_MAX_BYTES = 50
    assert post({"readings": [row(metric)]}).status_code == 413


def test_a_body_that_unpacks_to_more_than_the_limit_is_refused(post: Post, settings: Any) -> None:
    settings.INGEST_MAX_UNPACKED_BYTES = 1_000
    bomb = gzip.compress(b" " * 1_000_000)
    assert post(bomb, **{"Content-Encoding": "gzip"}).status_code == 413


def test_a_body_nested_deeper_than_any_reading_is_refused_before_it_is_decoded(post: Post) -> None:
    for body in (b"[" * 65, b'{"readings":' * 65):
        answer = post(body)
        assert faults(answer) == [("", "malformed")]
        assert "nested deeper" in answer.json()["detail"]


def test_what_is_wrong_with_all_of_long_columns_is_told_briefly(post: Post) -> None:
    name = "x" * 100_000
    body = {name: 1, "timestamps": [NOON] * 200, "values": [1] * 200}
    answer = post(body, query="?partial=true")
    reasons = {rejection["reason"] for rejection in answer.json()["rejected"]}
    assert len(answer.json()["rejected"]) == 200
    assert len(reasons) == 1
    assert len(reasons.pop()) < 250


def test_a_gzip_stream_of_many_members_is_read(post: Post, metric: Metric) -> None:
    body = json.dumps({"readings": [row(metric)]}).encode()
    members = [gzip.compress(body[at : at + 1]) for at in range(len(body))]
    answer = post(b"".join(members), **{"Content-Encoding": "gzip"})
    assert answer.json()["accepted"] == 1


CUT_OFF = gzip.compress(b'{"readings": []}')[:-4]


@pytest.mark.parametrize("body", [b"no gzip", CUT_OFF], ids=["no gzip", "cut off"])
def test_a_broken_gzip_stream_is_refused(body: bytes, post: Post) -> None:
    assert len(faults(post(body, **{"Content-Encoding": "gzip"}))) == 1


def test_an_unknown_encoding_is_refused(post: Post, metric: Metric) -> None:
    answer = post({"readings": [row(metric)]}, **{"Content-Encoding": "br"})
    assert answer.status_code == 415


@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "application/xml", "application/x-www-form-urlencoded", "nonsense"],
)
def test_another_content_type_is_refused_with_those_that_are_taken(
    content_type: str, post: Post
) -> None:
    answer = post(b"1", content_type=content_type)
    assert answer.status_code == 415
    assert "application/json, application/x-ndjson, text/csv" in answer.json()["detail"]


def test_reading_the_address_is_not_offered(technician: User, api_client_for: Any) -> None:
    assert api_client_for(technician).get(URL).status_code == 405


class AnyBody(HypothesisTestCase):
    """No body, however strange, is the server's fault."""

    @given(garbage)
    def test_any_json_is_stored_or_refused(self, content: Any) -> None:
        client = APIClient()
        client.force_login(UserFactory(group="technician"))
        answer = client.post(URL, json.dumps(content), content_type="application/json")
        assert answer.status_code in (200, 400, 413)

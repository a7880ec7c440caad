"""`POST /api/v1/readings/`: what is accepted, what is refused, and what is stored then."""

import gzip
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis.extra.django import TestCase as HypothesisTestCase
from rest_framework.test import APIClient

from accounts.models import User
from devices.models import Device
from metrics.history import get_store
from metrics.models import Latest, Metric, Reading
from sites.models import Site
from tests.factories import MetricFactory, UserFactory
from tests.metrics.test_ingest_json import garbage

URL = "/api/v1/readings/"
NOON = "2026-06-01T12:00:00Z"

Answer = Any
Post = Callable[..., Answer]


@pytest.fixture
def post(technician: User, api_client_for: Callable[[User], APIClient]) -> Post:
    """Post a body (bytes as they are, anything else as JSON) as the technician."""
    client = api_client_for(technician)

    def send(
        body: Any, *, query: str = "", content_type: str = "application/json", **headers: str
    ) -> Answer:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        return client.post(f"{URL}{query}", raw, content_type=content_type, headers=headers)

    return send


def row(metric: Metric, /, **changes: Any) -> dict[str, Any]:
    return {"metric": metric.pk, "timestamp": NOON, "value": 1.5} | changes


def named(metric: Metric, /, **changes: Any) -> dict[str, Any]:
    device = metric.device
    names = {"site": device.site.slug, "device": device.slug, "key": metric.key}
    return names | {"timestamp": NOON, "value": 1.5} | changes


def stored(metric: Metric) -> list[tuple[str, float]]:
    samples = get_store().read([metric.pk], 0, 2**62)[metric.pk]
    instants = (
        datetime.fromtimestamp(0, UTC) + timedelta(microseconds=int(micros))
        for micros in samples.timestamps
    )
    return [
        (instant.isoformat().replace("+00:00", "Z"), value)
        for instant, value in zip(instants, samples.values.tolist(), strict=True)
    ]


def faults(answer: Answer) -> list[tuple[str, str]]:
    """Field and code of each error of a refusal."""
    assert answer.status_code == 400, answer.content
    assert answer["Content-Type"] == "application/problem+json"
    assert not Reading.objects.exists()
    return [(error["field"], error["code"]) for error in answer.json()["errors"]]


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
        ({"timestamp": "1969-12-31T23:59:59.999999Z"}, "too_early"),
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
    assert post(b'{"readings": [' + b"[]," * 2_000).status_code == 413


def test_a_body_over_the_limit_is_refused(post: Post, metric: Metric, settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 50
    assert post({"readings": [row(metric)]}).status_code == 413


def test_a_body_that_unpacks_to_more_than_the_limit_is_refused(post: Post, settings: Any) -> None:
    settings.INGEST_MAX_UNPACKED_BYTES = 1_000
    bomb = gzip.compress(b" " * 1_000_000)
    assert post(bomb, **{"Content-Encoding": "gzip"}).status_code == 413


@pytest.mark.parametrize("body", [b"no gzip", gzip.compress(b'{"readings": []}')[:-4]])
def test_a_broken_gzip_stream_is_refused(body: bytes, post: Post) -> None:
    assert len(faults(post(body, **{"Content-Encoding": "gzip"}))) == 1


def test_an_unknown_encoding_is_refused(post: Post, metric: Metric) -> None:
    answer = post({"readings": [row(metric)]}, **{"Content-Encoding": "br"})
    assert answer.status_code == 415


@pytest.mark.parametrize("content_type", ["text/plain", "application/xml", "text/csv"])
def test_another_content_type_is_refused(content_type: str, post: Post) -> None:
    assert post(b"1", content_type=content_type).status_code == 415


def test_reading_the_address_is_not_offered(technician: User, api_client_for: Any) -> None:
    assert api_client_for(technician).get(URL).status_code == 405


def test_a_site_that_was_taken_away_takes_its_metrics_along(
    post: Post, metric: Metric, site: Site, technician: User
) -> None:
    site.assignments.filter(user=technician).delete()
    assert faults(post({"readings": [row(metric)]})) == [("readings.0", "unknown_metric")]


class AnyBody(HypothesisTestCase):
    """No body, however strange, is the server's fault."""

    @given(garbage)
    def test_any_json_is_stored_or_refused(self, content: Any) -> None:
        client = APIClient()
        client.force_login(UserFactory(group="technician"))
        answer = client.post(URL, json.dumps(content), content_type="application/json")
        assert answer.status_code in (200, 400, 413)

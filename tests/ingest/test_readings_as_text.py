"""`POST /api/v1/readings/` with NDJSON and CSV: stored, refused and limited as JSON is."""

import gzip
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from accounts.models import User
from history import get_store
from history.models import Reading
from metrics.models import Metric
from tests.support.factories import MetricFactory
from tests.support.posting import NOON, faults, named, row, stored
from tests.support.readings import store

Post = Callable[..., Any]

NDJSON, CSV = "application/x-ndjson", "text/csv"
LATER = "2026-06-01T12:01:00Z"


def ndjson(*rows: dict[str, Any]) -> bytes:
    return "".join(json.dumps(one) + "\n" for one in rows).encode()


def by_id(metric: Metric, *values: Any) -> bytes:
    """CSV of a reading a minute from noon on."""
    lines = [f"{metric.pk},2026-06-01T12:{n:02}:00Z,{value}" for n, value in enumerate(values)]
    return "\n".join(["metric,timestamp,value", *lines]).encode()


def by_name(metric: Metric, value: Any, **changes: Any) -> bytes:
    cells = named(metric, value=value, **changes)
    return "\n".join([",".join(cells), ",".join(map(str, cells.values()))]).encode()


def test_a_line_of_json_a_reading_is_stored(post: Post, metric: Metric) -> None:
    body = ndjson(row(metric), named(metric, timestamp=LATER, value=2, unit="W"))
    assert post(body, content_type=NDJSON).json() == {"accepted": 2, "rejected": []}
    assert stored(metric) == [(NOON, 1.5), (LATER, 2.0)]


def test_csv_by_id_and_by_names_is_stored(post: Post, metric: Metric) -> None:
    assert post(by_id(metric, 1.5), content_type=CSV).json()["accepted"] == 1
    later = by_name(metric, 2, timestamp=LATER, unit="W")
    assert post(later, content_type=f"{CSV}; charset=utf-8").json()["accepted"] == 1
    assert stored(metric) == [(NOON, 1.5), (LATER, 2.0)]


@pytest.mark.parametrize("prefix", [b"", b"\xef\xbb\xbf"], ids=["plain", "marked"])
def test_a_packed_body_and_a_byte_order_mark_are_taken(
    prefix: bytes, post: Post, metric: Metric
) -> None:
    for kind, body in ((NDJSON, ndjson(row(metric))), (CSV, by_id(metric, 1.5))):
        packed = gzip.compress(prefix + body)
        answer = post(packed, content_type=kind, **{"Content-Encoding": "gzip"})
        assert answer.json() == {"accepted": 1, "rejected": []}


def test_one_bad_line_refuses_all_and_is_named_by_its_place(post: Post, metric: Metric) -> None:
    lines = ndjson(row(metric), row(metric, value="x"), row(metric, metric=2**60))
    assert faults(post(lines, content_type=NDJSON)) == [
        ("readings.1", "invalid_value"),
        ("readings.2", "unknown_metric"),
    ]
    assert faults(post(by_id(metric, 1, "x", 2), content_type=CSV)) == [
        ("readings.1", "invalid_value")
    ]


def test_partial_stores_the_good_lines_and_names_the_bad(post: Post, metric: Metric) -> None:
    for kind, body in (
        (NDJSON, ndjson(row(metric)) + b"{\n" + ndjson(row(metric, timestamp=LATER))),
        (CSV, by_id(metric, 1.5, "x", 2)),
    ):
        answer = post(body, content_type=kind, query="?partial=true").json()
        assert answer["accepted"] == 2
        assert [one["index"] for one in answer["rejected"]] == [1]
    assert stored(metric) == [(NOON, 1.5), (LATER, 1.5), ("2026-06-01T12:02:00Z", 2.0)]


def test_a_refusal_names_a_hundred_lines(post: Post, metric: Metric) -> None:
    for kind, body in (
        (NDJSON, b"{\n" * 150),
        (CSV, b"metric,timestamp,value" + b"\nx,x,x" * 150),
    ):
        answer = post(body, content_type=kind)
        assert len(faults(answer)) == 100
        assert "150" in answer.json()["detail"]


def test_another_unit_than_the_metrics_is_refused(post: Post, metric: Metric) -> None:
    for kind, body in (
        (NDJSON, ndjson(named(metric, unit="kW"))),
        (CSV, by_name(metric, 1, unit="kW")),
    ):
        answer = post(body, content_type=kind)
        assert faults(answer) == [("readings.0", "wrong_unit")]


def test_metrics_of_others_are_refused_like_none(
    post: Post, metric: Metric, foreign_metric: Metric
) -> None:
    for kind, body in (
        (NDJSON, ndjson(row(foreign_metric), named(foreign_metric))),
        (CSV, by_id(foreign_metric, 1)),
        (CSV, by_name(foreign_metric, 1)),
    ):
        codes = {code for _, code in faults(post(body, content_type=kind))}
        assert codes == {"unknown_metric"}


@pytest.mark.parametrize("kind", [NDJSON, CSV])
def test_limits_hold_for_lines(kind: str, post: Post, metric: Metric, settings: Any) -> None:
    body = ndjson(*[row(metric)] * 4) if kind == NDJSON else by_id(metric, 1, 2, 3, 4)
    settings.INGEST_MAX_READINGS = 3
    assert post(body, content_type=kind).json()["errors"][0]["code"] == "too_many_readings"
    settings.INGEST_MAX_READINGS, settings.INGEST_MAX_BYTES = 50, 60
    assert post(body, content_type=kind).status_code == 413
    settings.INGEST_MAX_BYTES, settings.INGEST_MAX_UNPACKED_BYTES = 1_000, 60
    packed = post(gzip.compress(body), content_type=kind, **{"Content-Encoding": "gzip"})
    assert packed.status_code == 413
    assert not Reading.objects.exists()


@pytest.mark.parametrize("kind", [NDJSON, CSV])
@pytest.mark.parametrize("count", [1, 3, 30])
def test_lines_take_as_many_queries_however_many_metrics(
    kind: str, count: int, post: Post, metric: Metric, django_assert_max_num_queries: Any
) -> None:
    metrics = MetricFactory.create_batch(count, device=metric.device)
    if kind == NDJSON:
        body = ndjson(*map(named, metrics))
    else:
        head, _ = by_name(metric, 1).split(b"\n")
        body = b"\n".join([head, *(by_name(one, 1).split(b"\n")[1] for one in metrics)])
    with django_assert_max_num_queries(10):
        assert post(body, content_type=kind).json()["accepted"] == count


@pytest.mark.parametrize(
    ("form", "kind"), [("csv", CSV), ("csv&bom=true", CSV), ("ndjson", NDJSON)]
)
def test_what_is_exported_comes_back_as_it_was(
    form: str, kind: str, post: Post, metric: Metric, technician: User, api_client_for: Any
) -> None:
    other = MetricFactory(device=metric.device, key="temperature", unit="°C")
    noon = datetime(2026, 6, 1, 12, tzinfo=UTC)
    for one in (metric, other):
        store(one, {noon + timedelta(microseconds=n): n / 7 for n in range(5)})
    before = [stored(one) for one in (metric, other)]
    window = "start=2026-06-01&end=2026-06-02&resolution=raw"
    address = f"/api/v1/devices/{metric.device.pk}/export/?format={form}&{window}"
    exported = b"".join(api_client_for(technician).get(address).streaming_content)
    get_store().delete([metric.pk, other.pk], 0, 2**60)

    assert post(exported, content_type=kind).json() == {"accepted": 10, "rejected": []}
    assert [stored(one) for one in (metric, other)] == before

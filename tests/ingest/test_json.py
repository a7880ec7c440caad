"""The JSON parser: exact for whatever is well-formed, a refusal for everything else."""

import gzip
import json
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from energy.compression import decompress
from energy.errors import DomainError
from ingest.json_body import parse_json
from ingest.parsed import MetricRef, ParsedReadings

LIMIT = 1_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

offsets = st.integers(-14 * 60, 14 * 60).map(lambda m: timezone(timedelta(minutes=m)))
instants = st.datetimes(datetime(1971, 1, 1), datetime(2100, 1, 1), timezones=offsets)  # noqa: DTZ001
numbers = st.floats(allow_nan=False, allow_infinity=False)
ids = st.integers(1, 2**63 - 1)
names = (
    st.lists(st.text(), min_size=3, max_size=4)
    .map(tuple)
    .filter(lambda name: all(part.isprintable() for part in name))
)
readings = st.tuples(st.one_of(ids, names), instants, numbers)
leaves = st.one_of(st.none(), st.booleans(), st.integers(), numbers, st.text())
members = st.sampled_from(
    ["readings", "metric", "site", "device", "key", "unit", "timestamp", "value"]
) | st.sampled_from(["timestamps", "values"])
garbage = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(members | st.text(), inner, max_size=6)
    ),
)


def members_of(metric: MetricRef) -> dict[str, Any]:
    if isinstance(metric, int):
        return {"metric": metric}
    return dict(zip(("site", "device", "key", "unit")[: len(metric)], metric, strict=True))


def as_row(metric: MetricRef, instant: datetime, value: float) -> dict[str, Any]:
    return members_of(metric) | {"timestamp": instant.isoformat(), "value": value}


def as_columns(metric: MetricRef, instant: datetime, value: float) -> dict[str, Any]:
    return members_of(metric) | {"timestamps": [instant.isoformat()], "values": [value]}


def micros(instant: datetime) -> int:
    return (instant - EPOCH) // timedelta(microseconds=1)


def parsed(content: Any) -> ParsedReadings:
    return parse_json(json.dumps(content).encode(), LIMIT)


def as_list(found: ParsedReadings) -> list[tuple[MetricRef, int, str]]:
    return [
        (found.metrics[which], int(when), float(value).hex())
        for which, when, value in zip(found.metric_of, found.timestamps, found.values, strict=True)
    ]


@given(st.lists(readings), st.randoms())
def test_every_form_and_any_mix_of_them_says_the_same(sent: Any, random: Any) -> None:
    expected = [(metric, micros(instant), value.hex()) for metric, instant, value in sent]
    mixed = [random.choice((as_row, as_columns)) for _ in sent]
    for forms in ([as_row] * len(sent), [as_columns] * len(sent), mixed):
        content = {"readings": [form(*one) for form, one in zip(forms, sent, strict=True)]}
        found = parsed(content)
        assert as_list(found) == expected
        assert found.positions.tolist() == list(range(len(sent)))
        assert not found.malformed


@given(st.lists(st.one_of(readings.map(lambda one: as_row(*one)), garbage), max_size=10))
def test_what_is_no_reading_is_named_and_the_others_are_read(entries: list[Any]) -> None:
    found = parsed({"readings": entries})
    positions = [*found.positions.tolist(), *(one.index for one in found.malformed)]
    assert sorted(positions) == list(range(len(positions)))
    assert len(positions) >= len(entries)
    assert len(found.values) == len(found.timestamps) == len(found.metric_of)


@given(garbage)
def test_any_json_is_read_or_refused(content: Any) -> None:
    with suppress(DomainError):
        parsed(content)


@given(st.binary())
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    with suppress(DomainError):
        parse_json(body, LIMIT)
    with suppress(DomainError):
        decompress(body, "gzip", LIMIT)


@given(st.lists(st.binary(), min_size=1))
def test_gzip_is_undone_member_by_member(parts: list[bytes]) -> None:
    body = b"".join(gzip.compress(part) for part in parts)
    assert decompress(body, "gzip", 10_000) == b"".join(parts)


@pytest.mark.parametrize("encoding", ["", "identity", " Identity "])
def test_a_body_that_is_not_packed_is_left_alone(encoding: str) -> None:
    assert decompress(b"{}", encoding, 1) == b"{}"

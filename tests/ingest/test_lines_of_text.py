"""NDJSON and CSV as bodies: the same readings as JSON, each line named that is none."""

import csv
import io
import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from energy.errors import DomainError, TooLarge
from ingest.csv_body import parse_csv
from ingest.csv_lines import BY_ID, BY_NAME, BY_NAME_IN_UNIT
from ingest.ndjson_body import parse_ndjson
from ingest.parsed import ParsedReadings
from tests.ingest.test_json import LIMIT, as_list, as_row, garbage, ids, instants, micros, numbers

Parse = Callable[[bytes, int], ParsedReadings]

slugs = st.text("abcdefghijklmnopqrstuvwxyz-_09'", min_size=1, max_size=8)
names = st.tuples(slugs, slugs, slugs)
by_one_form = st.one_of(
    st.lists(st.tuples(ids, instants, numbers)), st.lists(st.tuples(names, instants, numbers))
)
ends = st.sampled_from(["\n", "\r\n"])
marks = st.sampled_from(["", "\ufeff"])
# Lines, and what a hostile or careless sender makes of them.
separators = st.sampled_from([b"\n", b"\r\n", b",", b'"', b"{", b"}", b"[", b":", b" "])
words = st.sampled_from(
    [
        b"\xff",
        b"\x00",
        b"\xef\xbb\xbf",
        b"metric,timestamp,value",
        b"1",
        b"2026-06-01T12:00:00Z",
        b"NaN",
        b"1e999",
        b"'=1",
        b'{"metric": 1, "timestamp": "2026-06-01T12:00:00Z", "value": 1}',
        b'"value"',
        b"null",
    ]
)
pieces = st.lists(separators | words, max_size=30).map(b"".join)


def as_csv(columns: tuple[str, ...], rows: list[Any], end: str = "\n") -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator=end)
    writer.writerow(columns)
    writer.writerows(rows)
    return text.getvalue()


def csv_row(metric: Any, instant: Any, value: float) -> list[Any]:
    named = [metric] if isinstance(metric, int) else list(metric)
    return [*named, instant.isoformat(), repr(value)]


def places(found: ParsedReadings) -> list[int]:
    return sorted([*found.positions.tolist(), *(one.index for one in found.malformed)])


@given(by_one_form, ends, marks, st.booleans())
def test_ndjson_says_what_its_objects_say(sent: Any, end: str, mark: str, is_ended: bool) -> None:
    body = mark + end.join(json.dumps(as_row(*one)) for one in sent) + (end if is_ended else "")
    found = parse_ndjson(body.encode(), LIMIT)
    assert as_list(found) == [(metric, micros(at), value.hex()) for metric, at, value in sent]
    assert not found.malformed


@given(by_one_form, ends, marks)
def test_csv_says_what_its_cells_say(sent: Any, end: str, mark: str) -> None:
    columns = BY_NAME if sent and not isinstance(sent[0][0], int) else BY_ID
    body = mark + as_csv(columns, [csv_row(*one) for one in sent], end)
    found = parse_csv(body.encode(), LIMIT)
    expected = [(metric, micros(at), value.hex()) for metric, at, value in sent]
    assert as_list(found) == expected
    assert not found.malformed


@given(by_one_form, st.permutations(range(6)))
def test_columns_may_stand_in_any_order_and_be_quoted_or_spaced(sent: Any, order: Any) -> None:
    by_id = all(isinstance(metric, int) for metric, _, _ in sent)
    columns = BY_ID if by_id else BY_NAME
    order = [n for n in order if n < len(columns)]

    def line(cells: Any) -> str:
        return ",".join(f' "{cells[n]}"'.strip() if n % 2 else f"  {cells[n]} " for n in order)

    rows = [line(columns), *(line(csv_row(*one)) for one in sent)]
    plain = [
        ",".join(f" {cells[n]}" for n in order)
        for cells in (columns, *(csv_row(*one) for one in sent))
    ]
    for lines in (rows, plain):
        found = parse_csv("\n".join(lines).encode(), LIMIT)
        assert as_list(found) == [(metric, micros(at), v.hex()) for metric, at, v in sent]


@pytest.mark.parametrize("parse", [parse_ndjson, parse_csv])
@given(body=st.one_of(st.binary(), pieces))
def test_any_bytes_are_read_or_refused(parse: Parse, body: bytes) -> None:
    with suppress(DomainError):
        found = parse(body, LIMIT)
        assert places(found) == sorted(set(places(found)))
        assert len(found.values) == len(found.timestamps) == len(found.metric_of)
        assert all(one.reason.endswith(".") and one.code for one in found.malformed)


@given(st.lists(garbage, max_size=10))
def test_every_line_of_json_is_a_reading_or_is_named(contents: list[Any]) -> None:
    body = "\n".join(map(json.dumps, contents)).encode()
    assert places(parse_ndjson(body, LIMIT)) == list(range(len(contents)))


@given(by_one_form.filter(bool), st.data())
def test_one_bad_line_spoils_no_other(sent: Any, data: Any) -> None:
    place = data.draw(st.integers(0, len(sent)))
    bad = data.draw(st.sampled_from(["{", "x", '{"metric": 1}', "[]", "1,2,3", '"', "\ud800"]))
    lines = [json.dumps(as_row(*one)) for one in sent]
    lines.insert(place, bad)
    found = parse_ndjson("\n".join(lines).encode("utf-8", "surrogatepass"), LIMIT)
    assert [one.index for one in found.malformed] == [place]
    assert as_list(found) == [(metric, micros(at), value.hex()) for metric, at, value in sent]


GOOD = b'{"metric": 1, "timestamp": "2026-06-01T12:00:00Z", "value": 1}'


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (b"{", "malformed"),
        (GOOD + GOOD, "malformed"),
        (GOOD + b",", "malformed"),
        (b"[" + GOOD + b"]", "invalid_reading"),
        (b"null", "invalid_reading"),
        (b"\xff", "malformed"),
        (b"[" * 10_000, "malformed"),
        (GOOD.replace(b'"value": 1', b'"value": NaN'), None),
        (GOOD.replace(b'"value": 1', b'"value": "1"'), "invalid_value"),
        (GOOD.replace(b"1,", b"0,", 1), "invalid_metric"),
        (GOOD.replace(b"Z", b""), "invalid_timestamp"),
        (
            b'{"metric": 1, "timestamps": ["2026-06-01T12:00:00Z"], "values": [1]}',
            "invalid_reading",
        ),
        (b'{"readings": [' + GOOD + b"]}", "invalid_reading"),
    ],
)
def test_what_is_wrong_with_a_line_of_json_is_told(line: bytes, code: str | None) -> None:
    found = parse_ndjson(b"\n".join([GOOD, line, GOOD]), LIMIT)
    assert [(one.index, one.code) for one in found.malformed] == ([(1, code)] if code else [])
    assert found.positions.tolist() == ([0, 2] if code else [0, 1, 2])


def test_an_object_over_several_lines_is_not_one_reading() -> None:
    spread = GOOD.replace(b", ", b",\n")
    assert places(parse_ndjson(GOOD + GOOD + b"\n" + spread, LIMIT)) == [0, 1, 2, 3]
    assert len(parse_ndjson(GOOD + GOOD + b"\n" + spread, LIMIT).values) == 0


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("1,2026-06-01T12:00:00Z", "wrong_columns"),
        ("1,2026-06-01T12:00:00Z,1,1", "wrong_columns"),
        ("0,2026-06-01T12:00:00Z,1", "invalid_metric"),
        ("x,2026-06-01T12:00:00Z,1", "invalid_metric"),
        ("1,2026-06-01 noon,1", "invalid_timestamp"),
        ('1,2026-06-01T12:00:00Z,"1,5"', "invalid_value"),
        ("1,2026-06-01T12:00:00Z,", "invalid_value"),
        ('1,2026-06-01T12:00:00Z,"1', "malformed"),
    ],
)
def test_what_is_wrong_with_a_line_of_csv_is_told(line: str, code: str) -> None:
    good = "1,2026-06-01T12:00:00Z,1"
    body = f"metric,timestamp,value\n{good}\n{line}\n{good}".encode()
    found = parse_csv(body, LIMIT)
    assert [(one.index, one.code) for one in found.malformed] == [(1, code)]
    assert found.positions.tolist() == [0, 2]


def test_empty_lines_are_skipped_and_counted() -> None:
    assert parse_ndjson(GOOD + b"\n\n \r\n" + GOOD + b"\n", LIMIT).positions.tolist() == [0, 3]
    line = b"1,2026-06-01T12:00:00Z,1\n"
    body = b"metric,timestamp,value\n" + line + b"\n,,\n" + line
    assert parse_csv(body, LIMIT).positions.tolist() == [0, 3]


@pytest.mark.parametrize(
    "body", [b"", b"\n", b"metric,value\n1,1", b"metric;timestamp;value\n", b"\xff\n", b'"\n']
)
def test_csv_without_known_columns_is_refused_whole(body: bytes) -> None:
    with pytest.raises(DomainError, match="first line"):
        parse_csv(body, LIMIT)


def test_text_that_a_spreadsheet_would_run_is_read_without_its_guard() -> None:
    body = as_csv(BY_NAME_IN_UNIT, [["a", "b", "c", "'=W", "2026-06-01T12:00:00Z", "1"]])
    assert parse_csv(body.encode(), LIMIT).metrics == [("a", "b", "c", "=W")]


@pytest.mark.parametrize("end", [b"", b"\n"])
def test_a_body_holds_so_many_readings_and_no_more(end: bytes) -> None:
    line, head = b"1,2026-06-01T12:00:00Z,1", b"metric,timestamp,value\n"
    for parse, one, first in ((parse_ndjson, GOOD, b""), (parse_csv, line, head)):
        assert len(parse(first + b"\n".join([one] * 3) + end, 3).values) == 3
        with pytest.raises(TooLarge):
            parse(first + b"\n".join([one] * 4) + end, 3)


@pytest.mark.parametrize(
    "body", [b"\n" * 9_000, b"," * 9_000, b"metric,timestamp,value\n" + b"," * 9_000]
)
def test_what_would_take_much_memory_is_refused_before_it_is_taken_apart(body: bytes) -> None:
    for parse in (parse_ndjson, parse_csv):
        with pytest.raises(DomainError):
            parse(body, 3)

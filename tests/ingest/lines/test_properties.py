"""What holds for whatever is sent: nothing but readings and refusals, each value as written."""

from contextlib import suppress
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st
from influxdb_client import Point as Written
from line_protocol_parser import LineFormatError, parse_line

from energy.errors import DomainError
from energy.instants import MICROS_PER_SECOND
from ingest.lines.body import parse_body
from ingest.lines.precisions import precision_of
from tests.ingest.lines.test_body import NOW, parse, rows

# What line protocol is made of, and what resembles it.
PIECES = st.sampled_from(
    [
        "m", ",", "=", " ", '"', "\\", "\n", "\r", "\t", "1", "i", "u", "e", "-", "+", ".", "t",
        "true", "#", "é", "٣", "0", "9" * 19, "f", '"a"', "m,t=v f=1 5", "_", "nan", "\0", "\ufeff",
        " f=1", "m f=1 ", 'm s="', '\\"',
    ]
)  # fmt: skip
LINES = st.lists(PIECES, max_size=12).map("".join)
WORDS = st.text(
    st.characters(exclude_categories=("C", "Zl", "Zp"), exclude_characters='\\"'),
    min_size=1,
    max_size=8,
).filter(lambda word: word == word.strip() and not word.startswith("#"))
# The library takes none that are nearer to 0 than a double can hold with all of its digits.
NUMBERS = st.booleans() | st.floats(allow_nan=False, allow_infinity=False, allow_subnormal=False)
TEXTS = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=8)
FIELDS = st.dictionaries(WORDS, NUMBERS | TEXTS, min_size=1, max_size=5)
INSTANTS = st.integers(0, 4_000_000_000 * MICROS_PER_SECOND)


@given(st.binary(max_size=200) | st.lists(LINES, max_size=6).map("\n".join).map(str.encode))
@example(b'm s="\\')
def test_whatever_is_sent_is_readings_and_refusals_of_lines(body: bytes) -> None:
    parsed = parse(body)
    count = body.count(b"\n") + 1
    positions = {*parsed.positions.tolist(), *(each.index for each in parsed.malformed)}
    assert positions <= set(range(1, count + 1))
    # No line is both: what is wrong with a part of it refuses all of it.
    assert not {*parsed.positions.tolist()} & {each.index for each in parsed.malformed}
    sizes = {column.size for column in (parsed.metric_of, parsed.timestamps, parsed.values)}
    assert sizes == {parsed.positions.size}
    assert set(parsed.metric_of.tolist()) == set(range(len(parsed.metrics)))


@given(st.text(max_size=12))
def test_a_precision_is_known_or_refused(name: str) -> None:
    with suppress(DomainError):
        assert precision_of(name) in {"ns", "us", "ms", "s", "m", "h", "auto"}


@given(LINES.filter(lambda line: "\n" not in line and "\ufeff" not in line))
@example("m f=1,f=2 5")
@example("m,t=v f=1 5 ")
@example("m f=5u")
def test_a_line_is_what_the_library_takes_it_for(line: str) -> None:
    parsed = parse(line)
    try:
        point: Any = parse_line(line)
    except LineFormatError:
        assert not line.strip() or [each.index for each in parsed.malformed] == [1]
        assert rows(parsed) == []
        return
    numbers = {k: v for k, v in point["fields"].items() if not isinstance(v, str)} if point else {}
    assert parsed.malformed == []
    # A later reading of one series and instant replaces an earlier one.
    assert {name.rpartition("/")[2]: value for name, _, value in rows(parsed)} == {
        key.replace("\\", "\\\\"): float(value) for key, value in numbers.items()
    }
    time = point["time"] if point else None
    assert {instant for _, instant, _ in rows(parsed)} <= {NOW if time is None else time}


@given(WORDS, st.dictionaries(WORDS, WORDS, max_size=3), FIELDS, INSTANTS)
def test_what_the_official_client_writes_is_read(
    measurement: str, tags: dict[str, str], fields: dict[str, Any], instant: int
) -> None:
    point = Written(measurement).time(instant * 1_000)
    for key, value in tags.items():
        point.tag(key, value)
    for key, value in fields.items():
        point.field(key, value)
    parsed = parse_body(
        point.to_line_protocol().encode(), precision="ns", now=NOW, max_readings=100
    )

    assert parsed.malformed == []
    numbers = [float(v) for _, v in sorted(fields.items()) if not isinstance(v, str)]
    assert sorted(parsed.values.tolist()) == sorted(numbers)
    assert set(parsed.timestamps.tolist()) <= {instant}
    assert len({external.name for external in parsed.metrics}) == len(numbers)

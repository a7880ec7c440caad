"""Line protocol as readings: every form that InfluxDB's clients write, and what is refused."""

from typing import Any

import numpy as np
import pytest

from energy.errors import DomainError, TooLarge
from ingest.lines.body import parse_body
from ingest.lines.precisions import precision_of

NOW = 1_780_000_000_000_000
MANY = 1_000


def parse(text: str | bytes, precision: str = "us", most: int = MANY) -> Any:
    body = text.encode() if isinstance(text, str) else text
    return parse_body(body, precision=precision, now=NOW, max_readings=most)


def readings(text: str | bytes, **options: Any) -> list[tuple[str, int, float]]:
    """Name, instant in microseconds and value of each reading, none of them refused."""
    parsed = parse(text, **options)
    assert parsed.malformed == []
    return rows(parsed)


def rows(parsed: Any) -> list[tuple[str, int, float]]:
    names = [parsed.metrics[index].name for index in parsed.metric_of]
    return list(zip(names, parsed.timestamps.tolist(), parsed.values.tolist(), strict=True))


def refused(text: str | bytes) -> list[int]:
    """The numbers of the lines that are refused."""
    return [rejection.index for rejection in parse(text).malformed]


VALUES = {
    "1": 1.0, "-1.5": -1.5, "1.": 1.0, ".5": 0.5, "-.5": -0.5, "1e3": 1000.0, "1.5E-3": 0.0015,
    "7i": 7.0, "-7i": -7.0, "7u": 7.0, "007i": 7.0, "9223372036854775807i": 2.0**63,
    "18446744073709551615u": 2.0**64, "t": 1.0, "T": 1.0, "true": 1.0, "True": 1.0, "TRUE": 1.0,
    "f": 0.0, "F": 0.0, "false": 0.0, "False": 0.0, "FALSE": 0.0,
}  # fmt: skip


@pytest.mark.parametrize("text", VALUES)
@pytest.mark.parametrize("beside", ["", "m a=2 7\n", 'm s="x" 7\n'], ids=["alone", "easy", "text"])
def test_a_value_may_have_any_form_of_a_number_or_a_boolean(text: str, beside: str) -> None:
    assert ("m/v", 5, VALUES[text]) in readings(f"{beside}m v={text} 5")


NO_VALUES = (
    "", "nan", "NaN", "inf", "-inf", "Infinity", "1_0", "٣", "+1", "1e", "e1", ".", "-", "0x10",
    "1.5i", "-1u", "i", "u", "tRuE", "yes", "abc", "1 000", "1,5", "'1'", "1e999",
    "9223372036854775808i", "18446744073709551616u", "1\t", "\v1", "1\0", "=1", "1=1",
)  # fmt: skip


@pytest.mark.parametrize("text", NO_VALUES)
@pytest.mark.parametrize("name", ["v", r"v\ w"], ids=["easy", "escaped"])
def test_anything_else_is_no_value_and_refuses_its_line(text: str, name: str) -> None:
    parsed = parse(f"m a=1 7\nm b=1,{name}={text} 5\nm c=1 7")

    assert [rejection.index for rejection in parsed.malformed] == [2]
    assert [name for name, _, _ in rows(parsed)] == ["m/a", "m/c"]


MALFORMED = (
    "m", "m ", "m 5", "m v", "m =1", "m v=1 5 6", "m v=1 x", "m v=1 1.5", "m v=1 ٥", "m v=1 1_0",
    "m v=1 9223372036854775808", "m v=1, 5", "m ,v=1 5", ",t=a v=1", "m, v=1", "m,t v=1",
    "m,t= v=1", "m,=a v=1", "m,t=a,t=b v=1", "m,t=a=b v=1", 'm v="x"y 5', 'm v="x 5',
    'm v="x\\" 5', "m\0 v=1",
    "m v\0=1", b"m\xff v=1", b"m v\xff=1", b'm v=1,s="\xff"', "m v=1\\ 5", "m;v=1", "{}", "a\nb",
)  # fmt: skip


@pytest.mark.parametrize("line", MALFORMED)
def test_a_malformed_line_is_refused_by_its_number_and_no_other(line: str | bytes) -> None:
    raw = line.encode() if isinstance(line, str) else line
    parsed = parse(b"m a=1 7\n" + raw + b"\nm b=1 7\n" + b"m c=1 7")

    assert parsed.malformed[0].index == 2
    assert rows(parsed) == [("m/a", 7, 1.0), ("m/b", 7, 1.0), ("m/c", 7, 1.0)]
    assert all(each.reason.endswith(".") for each in parsed.malformed)


PRECISIONS = {
    ("ns", 1_700_000_000_123_456_789): 1_700_000_000_123_456,
    ("n", 1_999): 1,
    ("", 1_999): 1,
    ("nanosecond", 1_999): 1,
    ("us", 17): 17,
    ("u", 17): 17,
    ("µ", 17): 17,
    ("microsecond", 17): 17,
    ("ms", 17): 17_000,
    ("millisecond", 17): 17_000,
    ("s", 17): 17_000_000,
    ("second", 17): 17_000_000,
    ("m", 17): 17 * 60_000_000,
    ("h", 17): 17 * 3_600_000_000,
    ("auto", 1_700_000_000): 1_700_000_000_000_000,
    ("auto", 1_700_000_000_123): 1_700_000_000_123_000,
    ("auto", 1_700_000_000_123_456): 1_700_000_000_123_456,
    ("auto", 1_700_000_000_123_456_789): 1_700_000_000_123_456,
    ("s", 9_223_372_036_854_775_806): 9_223_372_036_854_000_000,
    ("h", -9_223_372_036_854_775_806): -9_223_372_036_800_000_000,
}


@pytest.mark.parametrize(("name", "stamp"), PRECISIONS)
def test_a_timestamp_counts_what_the_precision_says(name: str, stamp: int) -> None:
    [(_, instant, _)] = readings(f"m v=1 {stamp}", precision=precision_of(name))
    assert instant == PRECISIONS[name, stamp]


@pytest.mark.parametrize("name", ["x", "min", "nanos", "0", "NSS"])
def test_an_unknown_precision_is_refused(name: str) -> None:
    with pytest.raises(DomainError) as refusal:
        precision_of(name)
    assert refusal.value.field == "precision"


def test_a_line_without_a_timestamp_was_measured_now() -> None:
    text = 'm v=1\nm v=2 \nm v=3 5\nm s="x",v=4'
    assert [instant for _, instant, _ in readings(text, precision="h")] == [
        NOW, NOW, 5 * 3_600_000_000, NOW,
    ]  # fmt: skip


def test_text_brings_no_reading_and_refuses_nothing() -> None:
    assert readings('m s="on",v=1,u="" 5\nm s="only text" 5') == [("m/v", 5, 1.0)]


def test_comments_and_empty_lines_are_skipped_and_counted() -> None:
    assert readings("# c=1 5\n\n  \t\r\n #\nm v=1 5\n") == [("m/v", 5, 1.0)]
    assert refused("# c\n\nm v=x 5") == [3]


@pytest.mark.parametrize("body", ["", "\n", "\r\n\r\n", "#"])
def test_a_body_may_have_nothing_in_it(body: str) -> None:
    assert readings(body) == []


def test_lines_may_end_as_windows_has_it_and_begin_with_a_byte_order_mark() -> None:
    assert readings("\ufeffm v=1 5\r\nm w=2 6\r\n") == [("m/v", 5, 1.0), ("m/w", 6, 2.0)]


def test_there_may_be_more_spaces_than_needed() -> None:
    assert readings("  m  v=1   5  ") == [("m/v", 5, 1.0)]


TEXTS = (
    '"a\nb"', r'"a\"' + '\nb"', '"\n\n\n"', '"=\n="', '"m v=1 5\nm v=2 6"', r'"\\"',
    r'"a\\\"' + '\n"',
)  # fmt: skip


@pytest.mark.parametrize("text", TEXTS)
def test_text_may_hold_line_breaks_and_everything_else(text: str) -> None:
    assert readings(f'm s={text},v=1 5\nm w="{{}}",x=2 6') == [("m/v", 5, 1.0), ("m/x", 6, 2.0)]


def test_a_line_behind_text_of_several_lines_keeps_its_number() -> None:
    assert refused('m s="a\nb\nc",v=1 5\nm v=x') == [4]


@pytest.mark.parametrize(
    "line", ["m v=1={} 5", "m v={}=1 5", "m v={},w 5", "m v={} 5 6", "m v={}x"]
)
def test_a_line_is_refused_however_often_its_like_has_come(line: str) -> None:
    assert refused("\n".join(map(line.format, range(4)))) == [1, 2, 3, 4]
    assert refused("m v=1 5\n" + "\n".join(map(line.format, range(4)))) == [2, 3, 4, 5]


def test_a_quotation_mark_that_is_not_closed_swallows_no_other_line() -> None:
    parsed = parse('m s="a 5\nm v=1 5\nm s="b",w=2 5\nm x=3 5')
    assert [each.index for each in parsed.malformed] == [1]
    assert rows(parsed) == [("m/v", 5, 1.0), ("m/w", 5, 2.0), ("m/x", 5, 3.0)]


def test_a_quotation_mark_outside_of_a_text_is_a_character() -> None:
    assert readings('m,t=5" v=1 5\n# "\nm,t=6" v=2 5') == [
        ('m,t=5"/v', 5, 1.0),
        ('m,t=6"/v', 5, 2.0),
    ]


def test_readings_are_in_the_order_of_their_lines_whatever_reads_them() -> None:
    text = 'm v=1 5\nm s="x",v=2 5\nm v=3 5\nm v=true 5\nm v=5 5'
    assert [value for _, _, value in readings(text)] == [1, 2, 3, 1, 5]
    assert parse(text).positions.tolist() == [1, 2, 3, 4, 5]


def test_of_fields_of_one_key_the_first_is_the_one_that_stays() -> None:
    assert readings("m v=1,v=2 5")[-1] == ("m/v", 5, 1.0)
    assert readings('m s="",v=1,v=2 5')[-1] == ("m/v", 5, 1.0)


def test_a_series_of_a_line_that_was_refused_is_not_named() -> None:
    parsed = parse("m v=1 5\nn w=1,x=nan 5")
    assert [external.name for external in parsed.metrics] == ["m/v"]


LIMITED = {
    "readings, a line each": ("m v=1 5\n" * 4)[:-1],
    "readings of a line": "m a=1,b=1,c=1,d=1 5",
    "readings of an escaped line": r"m a\ =1,b=1,c=1,d=1 5",
    "readings of both kinds": 'm a=1,b=1 5\nm s="",c=1,d=1 5',
}


@pytest.mark.parametrize("name", LIMITED)
def test_as_many_readings_are_taken_as_may_be_and_no_more(name: str) -> None:
    assert len(readings(LIMITED[name], most=4)) == 4
    with pytest.raises(TooLarge, match="at most 3 "):
        parse(LIMITED[name], most=3)


def test_lines_without_a_reading_are_counted_too() -> None:
    assert readings("#\n#\n#\n", most=3) == []
    with pytest.raises(TooLarge):
        parse("#\n#\n#\n#\n", most=3)


def test_a_long_line_is_bounded_before_it_is_taken_apart() -> None:
    with pytest.raises(TooLarge):
        parse("m " + "," * 70_000)


def test_numbers_are_exactly_those_that_were_written() -> None:
    numbers = np.random.default_rng(7).standard_normal(500) * 10.0 ** np.arange(-250, 250)
    text = "\n".join(f"m v={value!r} 5" for value in numbers.tolist())
    assert [value for _, _, value in readings(text)] == numbers.tolist()

"""Timestamps and numbers as people have them, where libraries are stricter. Pure.

A timestamp is cut to the microsecond: rounded, the last nanoseconds of a day would be measured on
the next. A leap second counts as the second after it, as clocks that know none show it. A number
in CSV may have a plus sign, zeros in front, and no digits on one side of its point.
"""

import math
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import msgspec

from ingest.parsed import Timestamp

# 2026-06-01T12:00:00.123456Z; only a longer one can have more digits of the second.
_LONGEST_EXACT = 27
_TOO_FINE = re.compile(r"(:\d\d\.\d{6})\d+")
_TOO_FINE_IN_JSON = re.compile(rb"(:\d\d\.\d{6})\d+")
_LEAP_SECOND = re.compile(r"(?<=:\d\d):60(?=\D)")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.ASCII | re.IGNORECASE)
# A text, which is left as it is, or one of the bare words that JSON does not have.
_TEXT_OR_WORD = re.compile(rb'"(?:[^"\\]|\\.)*+"?|(?<![\w.])-?(?:NaN|Infinity)(?![\w.])', re.DOTALL)
_BEYOND_DOUBLE = b"1e999"

Read = TypeVar("Read")


def read_timestamps(cells: Sequence[str]) -> list[datetime]:
    """The instants of RFC 3339 with an offset. Raises ValidationError where one is not."""
    exact = [_TOO_FINE.sub(r"\1", cell) if len(cell) > _LONGEST_EXACT else cell for cell in cells]
    return _read_all(exact, list[Timestamp], True, _timestamp)


def read_numbers(cells: Sequence[str]) -> list[float]:
    """The numbers that cells are; NaN and infinities only where they say so.

    Raises ValidationError where one is no number, or beyond the range of a double.
    """
    return _read_all(cells, list[float], False, _number)


def cut_timestamps(body: bytes) -> bytes:
    """A JSON body whose times are cut to the microsecond."""
    # Of 50,000 readings this takes 5 ms where nothing is to be cut, which is the rule.
    return _TOO_FINE_IN_JSON.sub(rb"\1", body) if _TOO_FINE_IN_JSON.search(body) else body


def with_legal_words(body: bytes) -> bytes:
    """A JSON body with a number beyond the range of a double in the place of NaN and Infinity."""
    if b"NaN" not in body and b"Infinity" not in body:
        return body
    return _TEXT_OR_WORD.sub(lambda m: m[0] if m[0][:1] == b'"' else _BEYOND_DOUBLE, body)


def after_leap_second(written: Any) -> Any:
    """The second after a leap second; anything else, and what only looks like one, as it is.

    Leap seconds are the last of a day in UTC.
    """
    if not isinstance(written, str) or not _LEAP_SECOND.search(written):
        return written
    try:
        before = msgspec.convert(_LEAP_SECOND.sub(":59", written), Timestamp)
        in_utc = before.astimezone(UTC)
    except (msgspec.ValidationError, OverflowError):
        return written
    is_one = (in_utc.hour, in_utc.minute, in_utc.second) == (23, 59, 59)
    return before + timedelta(seconds=1) if is_one else written


def _read_all(
    cells: Sequence[str], kind: Any, strict: bool, read_one: Callable[[str], Read]
) -> list[Read]:
    """All in one typed pass; one by one where that fails."""
    try:
        return msgspec.convert(cells, kind, strict=strict)
    except msgspec.ValidationError:
        return [read_one(cell) for cell in cells]


def _timestamp(cell: str) -> datetime:
    return msgspec.convert(after_leap_second(cell), Timestamp)


def _number(cell: str) -> float:
    if not _NUMBER.fullmatch(cell):
        return msgspec.convert(cell, float, strict=False)
    number = float(cell)
    if math.isinf(number):
        raise msgspec.ValidationError("Number out of range")
    return number

"""Readings as JSON: rows by Metric id, rows by names, columns of one Metric, or a mix of them.

A body in a single form, as machines send it, is decoded in one typed pass. Only when that fails is
each reading checked by itself, to name what is wrong with it. Integers become the nearest double;
booleans, text and null are not numbers. A bare NaN or Infinity, which JSON does not have and many
libraries write, is refused with its reading; a byte order mark before the body is ignored. Pure.
"""

from codecs import BOM_UTF8
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import repeat
from typing import Any

import msgspec
import numpy as np

from energy.errors import DomainError, TooLarge
from ingest.json_forms import (
    Columns,
    ColumnsById,
    ColumnsByName,
    ReadingList,
    Row,
    RowById,
    RowByName,
)
from ingest.literals import after_leap_second, cut_timestamps, with_legal_words
from ingest.parsed import REASONS, ParsedReadings, Rejection

# Decoding takes memory for each list, object and text: a body of brackets alone comes to a hundred
# times its size. The longest form of a reading, columns by names and unit with one reading, has 34
# of these marks.
_MARKS = b'[]{},"'
_MARKS_A_READING = 36
_SPARE_MARKS = 6_000
_DEEPEST = 64  # the forms need 4; brackets within texts are counted too
_PLAIN = bytes(set(range(256)).difference(_MARKS))
_REASON_LENGTH = 200
_DECODERS: list[msgspec.json.Decoder[Any]] = [
    msgspec.json.Decoder(form)
    for form in (
        ReadingList[RowById],
        ReadingList[RowByName],
        ColumnsById,
        ColumnsByName,
        ReadingList[ColumnsById],
        ReadingList[ColumnsByName],
    )
]
# A number beyond the range of a double becomes infinite here, and is refused with its reading.
_UNTYPED = msgspec.json.Decoder(float_hook=float)
_ROW_MEMBERS = {"timestamp", "value"}
_COLUMN_MEMBERS = {"timestamps", "values"}
_MEMBER_REASONS = REASONS | {
    "site": "The site must be its slug, as text.",
    "device": "The device must be its slug, as text.",
    "key": "The key must be text.",
    "unit": "The unit must be text, and the Metric's.",
    "timestamps": "The timestamps must be a list of at least one.",
    "values": "The values must be a list of at least one.",
}


def parse_json(body: bytes, max_readings: int) -> ParsedReadings:
    """The readings of a JSON body.

    A reading's position counts all readings before it, those in columns too. Raises DomainError
    when the body as a whole is not JSON or has none of the forms, TooLarge past `max_readings`.
    """
    _check_depth(check_marks(body, max_readings))
    body = cut_timestamps(body.removeprefix(BOM_UTF8))
    parsed = _parse_single_form(body) or parse_entries(
        enumerate(_separate_entries(body)), max_readings
    )
    if len(parsed.values) > max_readings:
        raise too_many(max_readings)
    return parsed


def check_marks(body: bytes, max_readings: int) -> bytes:
    """The marks of the body. Raises TooLarge where decoding them would take too much memory."""
    marks = body.translate(None, _PLAIN)
    if len(marks) > max_readings * _MARKS_A_READING + _SPARE_MARKS:
        raise too_many(max_readings)
    return marks


def _check_depth(marks: bytes) -> None:
    brackets = np.frombuffer(marks.translate(None, b',"'), np.uint8)
    opens = (brackets == ord("[")) | (brackets == ord("{"))
    if np.cumsum(np.where(opens, 1, -1)).max(initial=0) > _DEEPEST:
        raise DomainError("The body is nested deeper than any reading.", code="malformed")


def too_many(max_readings: int) -> TooLarge:
    """What is said of a body with more readings than a request takes."""
    return TooLarge(
        f"A request takes at most {max_readings:,} readings: send them in several.",
        code="too_many_readings",
    )


def _parse_single_form(body: bytes) -> ParsedReadings | None:
    """The readings of a body that is faultless and in one form; None for any other."""
    for decoder in _DECODERS:
        try:
            content = decoder.decode(body)
        except (msgspec.ValidationError, RecursionError):
            continue
        except ValueError:  # not JSON, or not quite
            return None
        entries = content.readings if isinstance(content, ReadingList) else [content]
        return (
            _of_columns(entries)
            if entries and isinstance(entries[0], Columns)
            else of_rows(entries)
        )
    return None


def _of_columns(entries: Sequence[Columns]) -> ParsedReadings:
    return ParsedReadings.of(
        [metric for entry in entries for metric in [entry.metric] * len(entry.values)],
        [timestamp for entry in entries for timestamp in entry.timestamps],
        [value for entry in entries for value in entry.values],
    )


def of_rows(rows: Sequence[Row], **of_faulty: Any) -> ParsedReadings:
    """The readings of rows; `of_faulty` are positions and Rejections where there were others."""
    return ParsedReadings.of(
        [row.metric for row in rows],
        [row.timestamp for row in rows],
        [row.value for row in rows],
        **of_faulty,
    )


def parse_entries(entries: Iterable[tuple[int, Any]], max_readings: int) -> ParsedReadings:
    """The readings of positions with what stands there: a row, a Rejection, or anything else.

    Raises TooLarge past `max_readings`.
    """
    rows: list[Row] = []
    positions: list[int] = []
    malformed: list[Rejection] = []
    for position, entry in entries:
        if position >= max_readings:
            raise too_many(max_readings)
        if isinstance(entry, Rejection):
            malformed.append(replace(entry, index=position))
            continue
        try:
            rows.append(msgspec.convert(_with_leap_second(entry), _form_of(entry)))
            positions.append(position)
        except msgspec.ValidationError as error:
            malformed.append(_rejection(position, str(error)))
    return of_rows(rows, positions=positions, malformed=malformed)


def decode_untyped(body: bytes) -> Any:
    """Whatever JSON the body is. Raises DomainError where it is none."""
    try:
        return _UNTYPED.decode(with_legal_words(body))
    except (ValueError, RecursionError) as error:
        raise DomainError(f"The body is not JSON: {error}.", code="malformed") from error


def _separate_entries(body: bytes) -> Iterator[Any]:
    """What stands where a reading should, with columns taken apart into rows.

    Where nothing of a columns entry can be stored, its readings are Rejections.
    """
    for entry in _listed_entries(decode_untyped(body)):
        if has_columns(entry) and _are_equally_long(entry.get("timestamps"), entry.get("values")):
            yield from _rows_of_columns(entry)
        else:
            yield entry


def _with_leap_second(entry: Any) -> Any:
    """A row whose timestamp, if it is a leap second, is the second after it."""
    if not isinstance(entry, dict) or "timestamp" not in entry:
        return entry
    return {**entry, "timestamp": after_leap_second(entry["timestamp"])}


def _rows_of_columns(entry: dict[str, Any]) -> Iterator[Any]:
    """The rows of well-formed columns. What they share is checked once: both may be long."""
    shared = {name: entry[name] for name in entry.keys() - _COLUMN_MEMBERS}
    faultless: dict[str, Any] = {**shared, "timestamp": "2026-01-01T00:00:00Z", "value": 0}
    try:
        msgspec.convert(faultless, _form_of(faultless))
    except msgspec.ValidationError as error:
        yield from repeat(_rejection(0, str(error)), len(entry["values"]))
        return
    for timestamp, value in zip(entry["timestamps"], entry["values"], strict=True):
        yield {**shared, "timestamp": timestamp, "value": value}


def _listed_entries(content: Any) -> list[Any]:
    if not isinstance(content, dict):
        raise DomainError("The body must be a JSON object.", code="malformed")
    if "readings" not in content:
        if content.keys() & _COLUMN_MEMBERS:
            return [content]
        raise DomainError("There are no `readings`.", code="required", field="readings")
    if not isinstance(content["readings"], list):
        raise DomainError("`readings` must be a list.", code="invalid", field="readings")
    for unknown in content.keys() - {"readings"}:
        raise DomainError("There is no such member.", code="unknown_member", field=unknown)
    return content["readings"]


def has_columns(entry: Any) -> bool:
    """Whether it is, or should be, columns of readings and not one reading."""
    members = entry.keys() if isinstance(entry, dict) else set()
    return bool(members & _COLUMN_MEMBERS) and not members & _ROW_MEMBERS


def _are_equally_long(timestamps: Any, values: Any) -> bool:
    lists = isinstance(timestamps, list) and isinstance(values, list)
    return lists and len(timestamps) == len(values) > 0


def _form_of(entry: Any) -> Any:
    """The form to check an entry against; columns that were not taken apart are faulty."""
    by_id = isinstance(entry, dict) and "metric" in entry
    if has_columns(entry):
        return ColumnsById if by_id else ColumnsByName
    return RowById if by_id else RowByName


def _rejection(position: int, error: str) -> Rejection:
    """Says what was wrong without naming the library that found it."""
    what, _, where = error.partition(" - at `$.")
    member = where.strip("`").partition("[")[0]
    if member in _MEMBER_REASONS:
        return Rejection(position, f"invalid_{member}", _MEMBER_REASONS[member])
    reason = what.replace("Object", "The reading", 1).rstrip(".")[:_REASON_LENGTH]
    return Rejection(position, "invalid_reading", f"{reason}.")

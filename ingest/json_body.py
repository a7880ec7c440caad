"""Readings as JSON: rows by Metric id, rows by names, columns of one Metric, or a mix of them.

A request in one form, as machines send, is decoded in one typed pass. Only when that fails is it
looked at reading by reading, to say of each what is wrong with it. Integers are taken as the
nearest double; booleans, text and null are no numbers. Pure.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import repeat
from typing import Any

import msgspec
import numpy as np

from energy.errors import DomainError, TooLarge
from ingest.json_forms import Columns, ColumnsById, ColumnsByName, Listed, Row, RowById, RowByName
from ingest.parsed import Identity, ParsedReadings, Rejection

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
# Decoding takes memory for each list, object and text: a body of brackets alone comes to the
# hundredfold. The longest form of a reading, columns by names of one, has thirty of these marks.
_BRACKETS = b"[]{}"
_MARKS = _BRACKETS + b',"'
_MARKS_A_READING = 32
_SPARE_MARKS = 6_000
_DEEPEST = 64  # the forms need 4; brackets within texts are counted too
_PLAIN = bytes(set(range(256)).difference(_MARKS))
_REASON_LENGTH = 200
_LISTED_ROWS = (msgspec.json.Decoder(Listed[RowById]), msgspec.json.Decoder(Listed[RowByName]))
_LISTED_COLUMNS = (
    msgspec.json.Decoder(Listed[ColumnsById]),
    msgspec.json.Decoder(Listed[ColumnsByName]),
)
_COLUMNS = (msgspec.json.Decoder(ColumnsById), msgspec.json.Decoder(ColumnsByName))
# A number beyond a double becomes infinite here, to be refused with its reading.
_ANYTHING = msgspec.json.Decoder(float_hook=float)
_ROW_MEMBERS = {"timestamp", "value"}
_COLUMN_MEMBERS = ("timestamps", "values")
_FAULTLESS = {"timestamp": "2026-01-01T00:00:00Z", "value": 0}
_REASONS = {
    "timestamp": "The timestamp must be RFC 3339 with an offset, such as 2026-06-01T12:00:00Z.",
    "value": "The value must be a number within the range of a double.",
    "metric": "The metric must be its id, a positive integer.",
    "site": "The site must be its slug, as text.",
    "device": "The device must be its slug, as text.",
    "key": "The key must be text.",
    "timestamps": "The timestamps must be a list of at least one.",
    "values": "The values must be a list of at least one.",
}


def parse_json(body: bytes, max_readings: int) -> ParsedReadings:
    """The readings of a JSON body.

    A reading's position counts every reading before it, those in columns too. Raises DomainError
    when the body as a whole is not JSON or in none of the forms, TooLarge past `max_readings`.
    """
    _refuse_what_is_no_reading(body, max_readings)
    parsed = _parsed_in_one_pass(body) or _parsed_one_by_one(body, max_readings)
    if len(parsed.values) > max_readings:
        raise _too_many(max_readings)
    return parsed


def _refuse_what_is_no_reading(body: bytes, max_readings: int) -> None:
    """Bound what decoding would make of the body, by counting its marks."""
    marks = body.translate(None, _PLAIN)
    if len(marks) > max_readings * _MARKS_A_READING + _SPARE_MARKS:
        raise _too_many(max_readings)
    brackets = np.frombuffer(marks.translate(None, b',"'), np.uint8)
    opens = (brackets == ord("[")) | (brackets == ord("{"))
    if np.cumsum(np.where(opens, 1, -1)).max(initial=0) > _DEEPEST:
        raise DomainError("The body is nested deeper than any reading.", code="malformed")


def _too_many(max_readings: int) -> TooLarge:
    return TooLarge(
        f"A request takes at most {max_readings:,} readings: send them in several.",
        code="too_many_readings",
    )


def _parsed_in_one_pass(body: bytes) -> ParsedReadings | None:
    """The readings of a faultless body in one form; None for any other."""
    if (listed := _decoded(body, _LISTED_ROWS)) is not None:
        return _of_rows(listed.readings)
    if (columns := _decoded(body, _COLUMNS)) is not None:
        return _of_columns([columns])
    if (listed := _decoded(body, _LISTED_COLUMNS)) is not None:
        return _of_columns(listed.readings)
    return None


def _decoded(body: bytes, decoders: Sequence[msgspec.json.Decoder[Any]]) -> Any:
    for decoder in decoders:
        try:
            return decoder.decode(body)
        except (msgspec.ValidationError, RecursionError):
            continue
        except ValueError as error:
            raise DomainError(f"The body is not JSON: {error}.", code="malformed") from error
    return None


def _of_rows(rows: Sequence[Row]) -> ParsedReadings:
    return _readings(
        [row.identity for row in rows],
        [row.timestamp for row in rows],
        [row.value for row in rows],
    )


def _of_columns(entries: Sequence[Columns]) -> ParsedReadings:
    return _readings(
        [name for entry in entries for name in [entry.identity] * len(entry.values)],
        [instant for entry in entries for instant in entry.timestamps],
        [value for entry in entries for value in entry.values],
    )


def _readings(
    identities: Sequence[Identity],
    instants: Sequence[datetime],
    values: Sequence[float],
) -> ParsedReadings:
    numbers: dict[Identity, int] = {}
    of_identity = [numbers.setdefault(identity, len(numbers)) for identity in identities]
    return ParsedReadings(
        identities=list(numbers),
        of_identity=np.array(of_identity, np.intp),
        timestamps=np.fromiter(_micros(instants), np.int64, len(instants)),
        values=np.array(values, np.float64),
        positions=np.arange(len(values), dtype=np.int64),
    )


def _micros(instants: Sequence[datetime]) -> Iterator[int]:
    """Microseconds since the Unix epoch; an instant of many Metrics in a row is converted once."""
    last: datetime | None = None
    for instant in instants:
        if instant != last:
            last = instant
            micros = (instant - _EPOCH) // _MICROSECOND
        yield micros


def _parsed_one_by_one(body: bytes, max_readings: int) -> ParsedReadings:
    rows: list[Row] = []
    positions: list[int] = []
    malformed: list[Rejection] = []
    for position, candidate in enumerate(_candidates(body)):
        if position >= max_readings:
            raise _too_many(max_readings)
        if isinstance(candidate, Rejection):
            malformed.append(replace(candidate, index=position))
            continue
        try:
            rows.append(_row(candidate))
            positions.append(position)
        except msgspec.ValidationError as error:
            malformed.append(_rejection(position, str(error)))
    return replace(_of_rows(rows), positions=np.array(positions, np.int64), malformed=malformed)


def _candidates(body: bytes) -> Iterator[Any]:
    """What stands where a reading should, columns taken apart; or why it cannot be one."""
    try:
        content = _ANYTHING.decode(body)
    except (ValueError, RecursionError) as error:
        raise DomainError(f"The body is not JSON: {error}.", code="malformed") from error
    for entry in _entries(content):
        yield from _taken_apart(entry)


def _entries(content: Any) -> list[Any]:
    if not isinstance(content, dict):
        raise DomainError("The body must be a JSON object.", code="malformed")
    if "readings" not in content:
        if content.keys() & {"timestamps", "values"}:
            return [content]
        raise DomainError("There are no `readings`.", code="required", field="readings")
    if not isinstance(content["readings"], list):
        raise DomainError("`readings` must be a list.", code="invalid", field="readings")
    for unknown in content.keys() - {"readings"}:
        raise DomainError("There is no such member.", code="unknown_member", field=unknown)
    return content["readings"]


def _taken_apart(entry: Any) -> Iterator[Any]:
    """The rows of a well-formed columns entry; anything else as it is.

    What the columns share is looked at once: it may be long, and they may be long.
    """
    if not isinstance(entry, dict) or entry.keys() & _ROW_MEMBERS:
        yield entry
        return
    timestamps: Any = entry.get("timestamps")
    values: Any = entry.get("values")
    if not _are_columns(timestamps, values):
        yield entry
        return
    rest = {name: value for name, value in entry.items() if name not in _COLUMN_MEMBERS}
    if fault := _fault({**rest, **_FAULTLESS}):
        yield from repeat(fault, len(values))
        return
    for timestamp, value in zip(timestamps, values, strict=True):
        yield {**rest, "timestamp": timestamp, "value": value}


def _fault(candidate: dict[str, Any]) -> Rejection | None:
    try:
        _row(candidate)
    except msgspec.ValidationError as error:
        return _rejection(0, str(error))
    return None


def _are_columns(timestamps: Any, values: Any) -> bool:
    lists = isinstance(timestamps, list) and isinstance(values, list)
    return lists and len(timestamps) == len(values) > 0


def _row(candidate: Any) -> Row:
    """Raises ValidationError for what is no row; columns that come here are faulty."""
    members = candidate.keys() if isinstance(candidate, dict) else set()
    by_id = "metric" in members
    form: Any
    if members & set(_COLUMN_MEMBERS) and not members & _ROW_MEMBERS:
        form = ColumnsById if by_id else ColumnsByName
    else:
        form = RowById if by_id else RowByName
    row: Row = msgspec.convert(candidate, form)
    return row


def _rejection(position: int, error: str) -> Rejection:
    """What was wrong, in words that do not show which library found it."""
    what, _, where = error.partition(" - at `$.")
    member = where.strip("`").partition("[")[0]
    if member in _REASONS:
        return Rejection(position, f"invalid_{member}", _REASONS[member])
    told = what.replace("Object", "The reading", 1).rstrip(".")[:_REASON_LENGTH]
    return Rejection(position, "invalid_reading", f"{told}.")

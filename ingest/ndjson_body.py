"""Readings as newline-delimited JSON: one reading a line, by Metric id or by names. Pure.

A body whose lines are all faultless and of one form is decoded in one typed pass; otherwise each
line is checked by itself, to name what is wrong with it. A reading's position is the number of its
line, from 0. Lines without text are skipped.
"""

from codecs import BOM_UTF8
from collections.abc import Iterator
from typing import Any

import msgspec

from energy.errors import DomainError
from ingest.json_body import (
    check_marks,
    decode_untyped,
    has_columns,
    of_rows,
    parse_entries,
    too_many,
)
from ingest.json_forms import RowById, RowByName
from ingest.literals import cut_timestamps
from ingest.parsed import ParsedReadings, Rejection

_DECODERS: list[msgspec.json.Decoder[Any]] = [
    msgspec.json.Decoder(form) for form in (RowById, RowByName)
]


def parse_ndjson(body: bytes, max_readings: int) -> ParsedReadings:
    """The readings of a body of lines. Raises TooLarge past `max_readings` lines."""
    check_marks(body, max_readings)
    lines = body.removeprefix(BOM_UTF8).removesuffix(b"\n")
    if lines.count(b"\n") >= max_readings:
        raise too_many(max_readings)
    lines = cut_timestamps(lines)
    return _parse_single_form(lines) or parse_entries(_entries(lines), max_readings)


def _parse_single_form(lines: bytes) -> ParsedReadings | None:
    """The readings of lines that are all faultless and in one form; None for any others."""
    breaks = lines.count(b"\n")
    if lines.count(b"\n{") != breaks:
        return None
    for decoder in _DECODERS:
        try:
            rows = decoder.decode_lines(lines)
        except msgspec.ValidationError:
            continue
        except (ValueError, RecursionError):  # not JSON, or not quite
            return None
        # The library takes several objects on a line, too. With as many objects as lines, each of
        # which begins with a brace, there is one on each.
        return of_rows(rows) if len(rows) == breaks + 1 else None
    return None


def _entries(lines: bytes) -> Iterator[tuple[int, Any]]:
    """Each line's number and what stands on it."""
    for number, line in enumerate(lines.split(b"\n")):
        if text := line.strip():
            yield number, _entry(number, text)


def _entry(number: int, line: bytes) -> Any:
    try:
        entry = decode_untyped(line)
    except DomainError:
        return Rejection(number, "malformed", "The line is not JSON.")
    if has_columns(entry):
        return Rejection(number, "invalid_reading", "A line holds one reading, not columns.")
    return entry

"""Readings as lines of CSV, by Metric id or by names. Pure.

A line is a reading: no field holds a line break. Numbers are written with a point and without
separators; timestamps are RFC 3339 with an offset.
"""

import csv
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import numpy as np

from energy.errors import DomainError
from ingest.json_forms import MetricId, Timestamp
from ingest.parsed import Identity, InUnit, Named, ParsedReadings, Rejection

BY_ID = ("metric", "timestamp", "value")
BY_NAME = ("site", "device", "key", "timestamp", "value")
# As an export has them: readings in another unit than the Metric's are refused.
BY_NAME_IN_UNIT = ("site", "device", "key", "unit", "timestamp", "value")

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
# What a column holds; names are text.
_TYPES: dict[str, Any] = {
    "metric": list[MetricId],
    "timestamp": list[Timestamp],
    "value": list[float],
}
_REASONS = {
    "metric": "The metric must be its id, a positive integer.",
    "timestamp": "The timestamp must be RFC 3339 with an offset, such as 2026-06-01T12:00:00Z.",
    "value": "The value must be a number within the range of a double.",
}


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a file, numbered from 1; `text` is None where it could not be read."""

    number: int
    text: str | None


def parse_header(text: str) -> tuple[str, ...]:
    """The columns in their order.

    Raises DomainError unless they are metric, timestamp, value or site, device, key, timestamp,
    value, with or without unit.
    """
    columns = tuple(cell.strip().lower() for cell in _cells(text))
    if sorted(columns) not in map(sorted, (BY_ID, BY_NAME, BY_NAME_IN_UNIT)):
        raise DomainError(
            f"The first line must name the columns {','.join(BY_ID)}, {','.join(BY_NAME)} or "
            f"{','.join(BY_NAME_IN_UNIT)}.",
            code="unknown_columns",
        )
    return columns


def parse_lines(columns: Sequence[str], lines: Sequence[Line]) -> ParsedReadings:
    """The readings of some lines after the header; positions are line numbers. Skips empty ones."""
    rows: list[list[str]] = []
    positions: list[int] = []
    malformed: list[Rejection] = []
    for line in lines:
        if line.text is None:
            malformed.append(Rejection(line.number, "unreadable", "The line is not short UTF-8."))
        elif line.text.strip():
            cells = [cell.strip() for cell in _cells(line.text)]
            if len(cells) == len(columns):
                rows.append(cells)
                positions.append(line.number)
            else:
                reason = f"The line has {len(cells)} columns, not {len(columns)}."
                malformed.append(Rejection(line.number, "wrong_columns", reason))
    return _parsed(columns, rows, positions, malformed)


def _cells(text: str) -> list[str]:
    if '"' not in text:
        return text.split(",")
    try:
        return next(csv.reader([text]), [])
    except csv.Error:
        return []


def _parsed(
    columns: Sequence[str],
    rows: list[list[str]],
    positions: list[int],
    malformed: list[Rejection],
) -> ParsedReadings:
    try:
        typed = _typed(columns, rows)
    except msgspec.ValidationError:
        faults = [_fault(columns, row) for row in rows]
        malformed += [
            Rejection(position, f"invalid_{column}", _REASONS[column])
            for position, column in zip(positions, faults, strict=True)
            if column
        ]
        good = [n for n, column in enumerate(faults) if not column]
        rows, positions = [rows[n] for n in good], [positions[n] for n in good]
        typed = _typed(columns, rows)
    return _of_columns(typed, positions, malformed)


def _typed(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> dict[str, list[Any]]:
    """Raises ValidationError when any cell is wrong."""
    by_column = zip(*rows, strict=True) if rows else ((),) * len(columns)
    return {
        column: _converter(column)(list(cells))
        for column, cells in zip(columns, by_column, strict=True)
    }


def _converter(column: str) -> Callable[[list[str]], list[Any]]:
    if column not in _TYPES:
        return list
    # Timestamps are strict: a number of seconds is no timestamp here.
    strict = column == "timestamp"
    return lambda cells: msgspec.convert(cells, _TYPES[column], strict=strict)


def _fault(columns: Sequence[str], row: Sequence[str]) -> str:
    """The first column that is wrong; empty when none is."""
    for column, cell in zip(columns, row, strict=True):
        try:
            _converter(column)([cell])
        except msgspec.ValidationError:
            return column
    return ""


def _identities(typed: dict[str, list[Any]]) -> Sequence[Identity]:
    if "metric" in typed:
        return typed["metric"]
    names = list(map(Named, typed["site"], typed["device"], typed["key"]))
    return list(map(InUnit, names, typed["unit"])) if "unit" in typed else names


def _of_columns(
    typed: dict[str, list[Any]], positions: list[int], malformed: list[Rejection]
) -> ParsedReadings:
    named = _identities(typed)
    numbers: dict[Identity, int] = {}
    of_identity = [numbers.setdefault(identity, len(numbers)) for identity in named]
    micros = [(instant - _EPOCH) // _MICROSECOND for instant in typed["timestamp"]]
    return ParsedReadings(
        identities=list(numbers),
        of_identity=np.array(of_identity, np.intp),
        timestamps=np.array(micros, np.int64),
        values=np.array(typed["value"], np.float64),
        positions=np.array(positions, np.int64),
        malformed=malformed,
    )

"""Readings as lines of CSV, by Metric id or by names. Pure.

A line is a reading: no field holds a line break. Numbers are written with a point and without
separators; timestamps are RFC 3339 with an offset.
"""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import compress
from typing import Any

import msgspec

from energy.errors import DomainError
from ingest.parsed import REASONS, MetricId, MetricRef, ParsedReadings, Rejection, Timestamp

BY_ID = ("metric", "timestamp", "value")
BY_NAME = ("site", "device", "key", "timestamp", "value")
# As an export has them: readings in another unit than the Metric's are refused.
BY_NAME_IN_UNIT = ("site", "device", "key", "unit", "timestamp", "value")
_NAMES = ("site", "device", "key", "unit")
_TYPES: dict[str, Any] = {
    "metric": list[MetricId],
    "timestamp": list[Timestamp],
    "value": list[float],
}


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a file, numbered from 1; `text` is None where it could not be decoded."""

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
    return _parse_rows(columns, rows, positions, malformed)


def _cells(text: str) -> list[str]:
    if '"' not in text:
        return text.split(",")
    try:
        return next(csv.reader([text]), [])
    except csv.Error:
        return []


def _parse_rows(
    columns: Sequence[str],
    rows: list[list[str]],
    positions: list[int],
    malformed: list[Rejection],
) -> ParsedReadings:
    try:
        values = _convert_rows(columns, rows)
    except msgspec.ValidationError:
        faults = [_first_fault(columns, row) for row in rows]
        malformed += [
            Rejection(position, f"invalid_{column}", REASONS[column])
            for position, column in zip(positions, faults, strict=True)
            if column
        ]
        good = [not column for column in faults]
        positions = list(compress(positions, good))
        values = _convert_rows(columns, list(compress(rows, good)))
    return ParsedReadings.of(
        _metrics(values), values["timestamp"], values["value"], positions, malformed
    )


def _convert_rows(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> dict[str, list[Any]]:
    """The values by column. Raises ValidationError when any cell is wrong."""
    by_column = zip(*rows, strict=True) if rows else ((),) * len(columns)
    return {
        column: _convert(column, cells) for column, cells in zip(columns, by_column, strict=True)
    }


def _convert(column: str, cells: Sequence[str]) -> list[Any]:
    if column in _NAMES:
        return list(cells)
    # Timestamps are strict: a number of seconds is none.
    return msgspec.convert(cells, _TYPES[column], strict=column == "timestamp")


def _first_fault(columns: Sequence[str], row: Sequence[str]) -> str:
    """The first column whose cell is wrong; empty when none is."""
    for column, cell in zip(columns, row, strict=True):
        try:
            _convert(column, [cell])
        except msgspec.ValidationError:
            return column
    return ""


def _metrics(values: dict[str, list[Any]]) -> list[MetricRef]:
    """How each row names its Metric."""
    if "metric" in values:
        return values["metric"]
    return list(zip(*(values[name] for name in _NAMES if name in values), strict=True))

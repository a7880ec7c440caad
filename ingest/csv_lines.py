"""Readings as lines of CSV, by Metric id or by names. Pure.

A line is a reading: no field holds a line break, so that a quotation mark that is not closed is an
error of its line and swallows no others. Numbers are written with a point and without separators;
timestamps are RFC 3339 with an offset.
"""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import compress
from typing import Any

import msgspec

from energy.errors import DomainError
from ingest.formula_guard import unguarded
from ingest.literals import read_numbers, read_timestamps
from ingest.parsed import REASONS, MetricId, MetricRef, ParsedReadings, Rejection

BY_ID = ("metric", "timestamp", "value")
BY_NAME = ("site", "device", "key", "timestamp", "value")
# As an export has them: readings in another unit than the Metric's are refused.
BY_NAME_IN_UNIT = ("site", "device", "key", "unit", "timestamp", "value")
_NAMES = ("site", "device", "key", "unit")
_QUOTES = "A quotation mark is not closed, or has text behind it."


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
    try:
        columns = tuple(cell.lower() for cell in _cells(text))
    except csv.Error as error:
        raise DomainError(f"The first line: {_QUOTES}", code="malformed") from error
    if sorted(columns) not in map(sorted, (BY_ID, BY_NAME, BY_NAME_IN_UNIT)):
        raise DomainError(
            f"The first line must name the columns {','.join(BY_ID)}, {','.join(BY_NAME)} or "
            f"{','.join(BY_NAME_IN_UNIT)}.",
            code="unknown_columns",
        )
    return columns


def parse_columns(columns: Sequence[str], cells: Sequence[Sequence[str]]) -> ParsedReadings:
    """The readings of columns and the cells of each. Raises ValidationError where any is wrong."""
    values = {column: _convert(column, some) for column, some in zip(columns, cells, strict=True)}
    return ParsedReadings.of(_metrics(values), values["timestamp"], values["value"])


def parse_lines(columns: Sequence[str], lines: Sequence[Line]) -> ParsedReadings:
    """The readings of some lines after the header; positions are line numbers.

    Lines without text in any cell, as spreadsheets leave them behind, are skipped.
    """
    rows: list[list[str]] = []
    positions: list[int] = []
    malformed: list[Rejection] = []
    for line in lines:
        cells = _cells_of(line, len(columns))
        if isinstance(cells, Rejection):
            malformed.append(cells)
        elif cells:
            rows.append(cells)
            positions.append(line.number)
    return _parse_rows(columns, rows, positions, malformed)


def _cells_of(line: Line, width: int) -> list[str] | Rejection:
    """The cells of a line, none where all are empty; or what is wrong with it."""
    if line.text is None:
        return Rejection(line.number, "unreadable", "The line is not short UTF-8.")
    try:
        cells = _cells(line.text)
    except csv.Error:
        return Rejection(line.number, "malformed", _QUOTES)
    if not any(cells):
        return []
    if len(cells) != width:
        reason = f"The line has {len(cells)} columns, not {width}."
        return Rejection(line.number, "wrong_columns", reason)
    return cells


def _cells(text: str) -> list[str]:
    """The cells without the spaces around them. Raises csv.Error for quotation marks amiss."""
    cells = next(csv.reader([text], strict=True), []) if '"' in text else text.split(",")
    return [cell.strip() for cell in cells]


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
    """What the cells of a column say. Raises ValidationError when any of them is wrong."""
    if column == "timestamp":
        return read_timestamps(cells)
    if column == "value":
        return read_numbers(cells)
    if column == "metric":
        return msgspec.convert(cells, list[MetricId], strict=False)
    return [unguarded(cell.strip()) for cell in cells]


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

"""Readings as a body of CSV: a line that names the columns, then a reading a line. Pure.

Lines without quotation marks, each with as many cells as there are columns, as machines send them,
are converted a column at a time; any others one by one, to name what is wrong. A reading's position
is the number of its line behind the first, from 0. Lines without text are skipped.
"""

from codecs import BOM_UTF8
from collections.abc import Sequence

import msgspec
import numpy as np

from ingest.csv_lines import BY_NAME_IN_UNIT, Line, parse_columns, parse_header, parse_lines
from ingest.json_body import too_many
from ingest.parsed import ParsedReadings

# Each cell becomes a text of its own, which takes some fifty bytes.
_MOST_COMMAS = len(BY_NAME_IN_UNIT) - 1
_SPARE_COMMAS = 6_000
_NO_SEPARATORS = bytes(set(range(256)).difference(b",\n"))


def parse_csv(body: bytes, max_readings: int) -> ParsedReadings:
    """The readings of a body.

    Raises DomainError where the first line names no known columns, TooLarge past `max_readings`
    lines behind it.
    """
    _check_size(body, max_readings)
    head, _, lines = body.removeprefix(BOM_UTF8).partition(b"\n")
    columns = parse_header(_decoded(head) or "")
    return _parse_plain(columns, lines) or parse_lines(columns, _numbered(lines))


def _check_size(body: bytes, max_readings: int) -> None:
    """Bound what taking the body apart would make of it."""
    has_too_many_lines = body.removesuffix(b"\n").count(b"\n") > max_readings
    has_too_many_cells = body.count(b",") > max_readings * _MOST_COMMAS + _SPARE_COMMAS
    if has_too_many_lines or has_too_many_cells:
        raise too_many(max_readings)


def _parse_plain(columns: Sequence[str], lines: bytes) -> ParsedReadings | None:
    """The readings of faultless lines without quotation marks; None for any others."""
    plain = lines.replace(b"\r\n", b"\n").removesuffix(b"\n")
    text = None if b'"' in plain else _decoded(plain)
    if text is None or not _is_grid(plain, len(columns)):
        return None
    cells = text.replace("\n", ",").split(",")
    try:
        return parse_columns(columns, [cells[n :: len(columns)] for n in range(len(columns))])
    except msgspec.ValidationError:
        return None


def _is_grid(lines: bytes, width: int) -> bool:
    """Whether every line has `width` cells: their separators are commas, and then a line break."""
    separators = np.frombuffer(lines.translate(None, _NO_SEPARATORS) + b"\n", np.uint8)
    expected = np.frombuffer(b"," * (width - 1) + b"\n", np.uint8)
    return separators.size % width == 0 and bool((separators.reshape(-1, width) == expected).all())


def _numbered(lines: bytes) -> list[Line]:
    return [Line(number, _decoded(line)) for number, line in enumerate(lines.split(b"\n"))]


def _decoded(line: bytes) -> str | None:
    try:
        return line.decode().rstrip("\r")
    except UnicodeDecodeError:
        return None

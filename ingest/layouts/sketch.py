"""What the first lines of a file show: the delimiter, where rows begin, what its columns are."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ingest.csv_lines import Line
from ingest.layouts.dates import is_clock, shape_of, start_of
from ingest.layouts.delimited import DELIMITERS, FileRow, rows_of
from ingest.layouts.meanings import known_unit
from ingest.layouts.numbers import is_like_number, is_missing
from ingest.layouts.understood import EPOCH, NotUnderstood

SAMPLE_LINES = 500
_PATTERN = re.compile(r"\[?(?:dd|mm|yy|yyyy)(?:[./ -](?:dd|mm|yy|yyyy)){2}.*", re.IGNORECASE)
_KINDS = {"counter", "analog"}
_SOME = 0.6  # of the cells of a column


@dataclass(frozen=True, slots=True)
class Sketch:
    """The first rows of readings, and the names and units above them. `header` is 0 without any."""

    delimiter: str
    header: int
    names: tuple[str, ...]
    units: tuple[str, ...]
    counters: frozenset[int]
    rows: tuple[FileRow, ...]

    @property
    def first(self) -> int:
        """The line of the first row of readings."""
        return self.rows[0].line

    @property
    def width(self) -> int:
        """The least number of cells that rows have, of those that are usual."""
        return usual_width(self.rows)

    def column(self, place: int) -> list[str]:
        """The cells of a column that are not missing."""
        cells = [row.cells[place] for row in self.rows if row.cells and place < len(row.cells)]
        return [cell for cell in cells if not is_missing(cell)]


def sketch_of(lines: Sequence[Line], delimiter: str = "") -> Sketch:
    """Sketch a file from its first lines. Raises NotUnderstood where no rows have a time."""
    tried = [
        (one, data_rows(list(rows_of(lines, one))))
        for one in ([delimiter] if delimiter else DELIMITERS)
    ]
    best, rows = max(tried, key=lambda each: (len(each[1]), usual_width(each[1])))
    if not rows:
        raise _nothing_found(lines, delimiter)
    return _with_header(best, list(rows_of(lines, best)), rows)


def is_time(cell: str, place: int = 0) -> bool:
    """Whether it is a date, with a time of day or without, or a time of day.

    Seconds since 1970 are one in the first column only: elsewhere they may be any number.
    """
    text = start_of(cell)
    shape = shape_of(text)
    return is_clock(text) or (shape is not None and (shape[0] != EPOCH or place == 0))


def data_rows(rows: Sequence[FileRow]) -> list[FileRow]:
    """Those that have a time and, beside it, a number or a sign that there is none."""
    found = [row for row in rows if row.cells and _is_data(row.cells)]
    width = usual_width(found)
    return [row for row in found if len(row.cells or []) >= width]


def usual_width(rows: Sequence[FileRow]) -> int:
    """The number of cells that most rows have."""
    widths = [len(row.cells or []) for row in rows]
    return max(set(widths), key=widths.count, default=0)


def _is_data(cells: Sequence[str]) -> bool:
    times = [is_time(cell, place) for place, cell in enumerate(cells)]
    if not any(times) or len(cells) < 2 or cells[0].startswith("#"):
        return False
    # A number may be an instant, too: the first of two counts as the time.
    others = [cell for n, cell in enumerate(cells) if n != times.index(True)]
    return any(is_like_number(cell) or is_missing(cell) for cell in others) and not all(
        is_clock(cell) for cell in others
    )


def _with_header(delimiter: str, rows: Sequence[FileRow], data: Sequence[FileRow]) -> Sketch:
    width = usual_width(data)
    above = [row for row in rows if row.line < data[0].line and row.cells]
    heads: list[FileRow] = []
    for row in reversed(above):
        if not _can_be_header(row, width) or (heads and row.line < heads[-1].line - 1):
            break
        heads.append(row)
    heads.reverse()
    texts = [[*(row.cells or []), *[""] * width] for row in heads]
    units, counters = _take_units(texts, width)
    longest = max((len(row.cells or []) for row in heads), default=width)
    names = _names(texts, max(width, longest))
    return Sketch(
        delimiter, heads[-1].line if heads else 0, names, units, counters,
        tuple(row for row in data if heads == [] or row.line > heads[-1].line),
    )  # fmt: skip


def _can_be_header(row: FileRow, width: int) -> bool:
    """Whether it has about as many cells as the rows below; the one above a time may be empty."""
    cells = row.cells or []
    filled = sum(map(bool, cells))
    return (
        len(cells) == width and filled > 0 if width == 2 else len(cells) >= width - 1 and filled > 1
    )


def _take_units(heads: list[list[str]], width: int) -> tuple[tuple[str, ...], frozenset[int]]:
    """The units of the lowest row, if it is one of units, and which columns are called counters."""
    units: tuple[str, ...] = ("",) * width
    counters: frozenset[int] = frozenset()
    if heads and _is_of_units(heads[-1][:width]):
        row = heads.pop() if len(heads) > 1 else heads[-1]
        units = tuple(known_unit(cell.strip("[]() ")) for cell in row[:width])
    if heads and {cell.lower() for cell in heads[-1][:width] if cell} <= _KINDS:
        row = heads.pop()
        counters = frozenset(n for n, cell in enumerate(row) if cell.lower() == "counter")
    return units, counters


def _is_of_units(cells: Sequence[str]) -> bool:
    filled = [cell for cell in cells if cell]
    units = [cell for cell in filled if known_unit(cell.strip("[]() "))]
    return bool(units) and all(
        cell in units or _PATTERN.fullmatch(cell) or re.fullmatch(r"[\[(].*[\])]", cell)
        for cell in filled
    )


def _names(heads: Sequence[Sequence[str]], width: int) -> tuple[str, ...]:
    """The names of the columns: what stands above each, from top to bottom, but nothing twice."""
    columns = (
        [row[place] for row in heads if place < len(row) and row[place]] for place in range(width)
    )
    return tuple(_joined(texts) for texts in columns)


def _joined(texts: Sequence[str]) -> str:
    kept: list[str] = []
    for text in texts:
        if not any(text in other for other in kept):
            kept.append(text)
    return " ".join(kept)


def _nothing_found(lines: Sequence[Line], delimiter: str) -> NotUnderstood:
    """What there is instead of rows with a time, and what may help."""
    rows = list(rows_of(lines, delimiter or _likeliest(lines)))
    if not rows:
        return NotUnderstood("The file is empty.", "Choose one that has rows.")
    cells = rows[0].cells
    if cells is None:
        return NotUnderstood(
            "In the first line a quotation mark is not closed, or bytes are no text.",
            "Export it again.",
        )
    shown = ", ".join(f"“{cell[:40]}”" for cell in cells[:6])
    word = DELIMITERS.get(delimiter or _likeliest(lines), "what was chosen")
    return NotUnderstood(
        "No rows with a time and a number were found. "
        f"The first line has {len(cells)} columns, {shown}, separated by {word}.",
        "Export again with one row a time; dates such as 2026-11-20 08:45, 20.11.2026 08:45 and "
        "11/20/2026 8:45 AM are understood.",
        "Or say the delimiter, if it is another.",
    )


def _likeliest(lines: Sequence[Line]) -> str:
    text = "\n".join(line.text or "" for line in lines[:20])
    return max(DELIMITERS, key=text.count)

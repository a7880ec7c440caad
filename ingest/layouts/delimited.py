"""Rows of cells. A row is a line: a quotation mark that is not closed swallows no others. Pure."""

import csv
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from ingest.csv_lines import Line

DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}


class FileRow(NamedTuple):
    """The cells of a line, without the spaces around them; None where they cannot be told."""

    line: int
    cells: list[str] | None


def rows_of(lines: Iterable[Line], delimiter: str) -> Iterator[FileRow]:
    """The rows that some lines are, without empty ones."""
    for line in lines:
        if line.text is None:
            yield FileRow(line.number, None)
        elif line.text.strip(f'{delimiter}" \t'):
            yield FileRow(line.number, cells_of(line.text, delimiter))


def cells_of(text: str, delimiter: str) -> list[str] | None:
    """The cells of a line; None for quotation marks amiss."""
    if '"' not in text:
        return [cell.strip() for cell in text.split(delimiter)]
    try:
        cells = next(csv.reader([text], delimiter=delimiter, strict=True, skipinitialspace=True))
    except csv.Error:
        return None
    if len(cells) == 1 and delimiter in cells[0]:
        # Some exports wrap each line in quotation marks once more.
        return cells_of(cells[0], delimiter)
    return [cell.strip() for cell in cells]

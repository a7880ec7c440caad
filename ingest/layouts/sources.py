"""The rows of a file, from whatever it is made of."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from ingest.layouts import green_button, influx
from ingest.layouts.delimited import FileRow, rows_of
from ingest.layouts.encodings import read_text_lines
from ingest.layouts.profiles import GREEN_BUTTON, INFLUX
from ingest.layouts.understood import Understood

AT_ONCE = 5_000  # rows in memory


def read_rows(file: Path, understood: Understood) -> Iterator[FileRow]:
    """The rows of a file, from its first row of readings on, without empty ones."""
    if understood.profile == GREEN_BUTTON:
        return (FileRow(*row) for row in green_button.read_rows(file))
    lines = read_text_lines(file, understood.encoding)
    if understood.profile == INFLUX:
        return (FileRow(*row) for row in influx.read_rows(rows_of(lines, understood.delimiter)))
    behind = islice(lines, understood.first - 1, None)
    return rows_of(behind, understood.delimiter)


def in_chunks(rows: Iterator[FileRow]) -> Iterator[list[FileRow]]:
    """The rows, so many at a time as may be in memory."""
    while chunk := list(islice(rows, AT_ONCE)):
        yield chunk

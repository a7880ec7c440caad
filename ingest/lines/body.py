"""The body of a write as readings. Pure."""

from collections.abc import Callable, Iterable, Iterator

import numpy as np

from ingest.lines.easy import EasyLines
from ingest.lines.gathered import Gathered, refuse_past
from ingest.lines.naming import name_of
from ingest.lines.points import NotAPoint, Point, read_point
from ingest.lines.precisions import to_micros
from ingest.lines.series import SeriesTable
from ingest.lines.splitting import Line, split_lines
from ingest.parsed import ParsedReadings, Rejection

Row = tuple[int, int | None, int, float]


def parse_body(body: bytes, *, precision: str, now: int, max_readings: int) -> ParsedReadings:
    """The readings of lines of line protocol; their positions are line numbers, from 1.

    Lines without a timestamp were measured `now`, in microseconds since the Unix epoch. Fields that
    are text bring no reading, `true` and `false` bring 1 and 0. What is wrong with a line refuses
    all of the line. Raises TooLarge past `max_readings`, lines without a reading counted too.
    """
    series = SeriesTable()
    easy = EasyLines(series, max_readings)
    easy.cut(split_lines(body, max_readings))
    gathered = easy.readings()
    malformed: list[Rejection] = []
    if easy.others:
        taken = gathered.numbers.size
        rows, malformed = _read(
            sorted(easy.others), series, lambda more: refuse_past(max_readings, taken + more)
        )
        gathered = gathered.merged(Gathered.of(rows))
    return _parsed(gathered, malformed, series, precision, now)


def _read(
    lines: Iterable[Line], series: SeriesTable, refuse: Callable[[int], None]
) -> tuple[list[Row], list[Rejection]]:
    """What the library reads: the readings of lines, and the lines that are none.

    `refuse` raises TooLarge where so many are too many.
    """
    rows: list[Row] = []
    malformed: list[Rejection] = []
    for number, text in lines:
        refuse(text.count(b",") - 1)
        try:
            point = read_point(text)
        except NotAPoint as error:
            malformed.append(Rejection(number, "invalid_line", str(error)))
            continue
        rows += _rows(number, point, series)
        refuse(len(rows))
    return rows, malformed


def _rows(number: int, point: Point | None, series: SeriesTable) -> Iterator[Row]:
    """The readings of a point: its fields that are not text."""
    if point is None:
        return
    for field, value in point.fields.items():
        if not isinstance(value, str):
            yield number, point.time, series.index(name_of(point, field)), float(value)


def _parsed(
    gathered: Gathered, malformed: list[Rejection], series: SeriesTable, precision: str, now: int
) -> ParsedReadings:
    # Lines that were refused in the end may have named a series that no other does.
    is_used = np.bincount(gathered.series, minlength=len(series.named)) > 0
    return ParsedReadings(
        metrics=[series.named[index] for index in np.flatnonzero(is_used)],
        metric_of=(np.cumsum(is_used) - 1)[gathered.series],
        timestamps=np.where(gathered.dated, to_micros(gathered.times, precision), now),
        values=gathered.values,
        positions=gathered.numbers,
        malformed=malformed,
    )

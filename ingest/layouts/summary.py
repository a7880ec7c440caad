"""Reads a file once to say what is in it: how many rows, from when to when, which series."""

import re
from collections import Counter
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from zoneinfo import ZoneInfo

from energy.instants import from_micros
from ingest.layouts import green_button
from ingest.layouts.columns import unit_column
from ingest.layouts.contents import FileContents, SeriesNumbers
from ingest.layouts.delimited import FileRow
from ingest.layouts.meanings import ColumnMeaning, known_unit, meaning_of
from ingest.layouts.profiles import GREEN_BUTTON, INFLUX, UK, Profile
from ingest.layouts.reading import FileReader
from ingest.layouts.sketch import Sketch
from ingest.layouts.sources import in_chunks, read_rows
from ingest.layouts.understood import (
    FileBlock,
    FileColumn,
    NotUnderstood,
    PreviewRow,
    Understood,
)  # fmt: skip
from metrics.units import UNITS

_SECOND = 1_000_000  # µs
_PREVIEWED = 10
_COUNTED = re.compile(r"energy|total|import|export|meter|yield|zählerstand", re.IGNORECASE)


def summarised(file: Path, found: Understood, profile: Profile, sketch: Sketch) -> Understood:
    """The same with all that only the whole file tells."""
    contents = _read(file, found)
    if not contents.rows:
        raise NotUnderstood("The file has no rows of readings.", "Export it again.")
    interval = found.interval or _interval(contents.steps)
    columns = _columns(found, contents, _meanings(file, found, profile, sketch))
    ready = found.corrected(interval=interval, columns=columns)
    return ready.corrected(
        rows=contents.rows,
        start=_text(contents.first),
        end=_text(contents.last),
        left_out=(*found.left_out, *_left_out(found, contents)),
        warnings=_warnings(ready, contents, profile),
        preview=_preview(file, ready),
    )


def _read(file: Path, found: Understood) -> FileContents:
    reader = FileReader(found)
    contents = FileContents(reader.time_name)
    for rows in in_chunks(read_rows(file, found)):
        contents.add(reader.read(rows))
    return contents


def _interval(steps: Counter[int]) -> int:
    """The seconds from one row to the next, where most are as far apart as that; else 0."""
    steps.pop(0, None)
    if not steps:
        return 0
    step, times = steps.most_common(1)[0]
    return step // _SECOND if times > 0.5 * steps.total() and step % _SECOND == 0 else 0


# Columns ------------------------------------------------------------------------------------


def _meanings(
    file: Path, found: Understood, profile: Profile, sketch: Sketch
) -> dict[str, ColumnMeaning]:
    """What is known of series by their names, before their numbers are looked at."""
    if found.profile == GREEN_BUTTON:
        return green_button.read_series(file)
    common = _common_unit(found, sketch)
    by_place = {}
    for place, name in enumerate(found.names or ("",) * found.width):
        own = sketch.units[place] if place < len(sketch.units) else ""
        of_rows = common if place in found.values else ""
        unit = common if place in found.slots else own or meaning_of(name).unit or of_rows
        meaning = profile.meaning(name) or meaning_of(name, unit)
        kind = "counter" if place in sketch.counters else meaning.type
        by_place[f"{place}"] = ColumnMeaning(unit or meaning.unit, meaning.key, kind)
    return by_place


def _common_unit(found: Understood, sketch: Sketch) -> str:
    """The unit of all rows, where a column says one; days of intervals are in kWh unless told."""
    place = unit_column(found.names)
    cells = sketch.column(place) if place is not None and place < sketch.width else []
    said = known_unit(cells[0]) if cells and len(set(cells)) == 1 else ""
    return said or ("kWh" if found.slots else "")


def _columns(
    found: Understood, contents: FileContents, meanings: dict[str, ColumnMeaning]
) -> tuple[FileColumn, ...]:
    known = {column.name: column for column in found.columns}
    missing = [name for name in contents.series if name not in known]
    place = (found.slots or found.values or (0,))[0]
    several = {name: _place_of(found, name, place) for name in missing}
    rows = [FileColumn(name=name, place=several[name]) for name in sorted(missing)]
    return tuple(
        column if column.is_text else _described(found, column, contents, meanings)
        for column in (*found.columns, *rows)
    )


def _place_of(found: Understood, name: str, otherwise: int) -> int:
    """The column of a series that rows name, where there are several columns of numbers."""
    places = [place for place in found.values if name.endswith(found.names[place])]
    return places[0] if len(found.values) > 1 and places else otherwise


def _described(
    found: Understood,
    column: FileColumn,
    contents: FileContents,
    meanings: dict[str, ColumnMeaning],
) -> FileColumn:
    numbers = contents.series.get(column.name, SeriesNumbers())
    by_place = meanings.get(f"{column.place}", ColumnMeaning())
    measured = known_unit(re.split("[,/]", column.name)[0]) if found.profile == INFLUX else ""
    own = meaning_of(column.name, measured or by_place.unit)
    meaning = meanings.get(column.name) or _merged(own, by_place)
    kind = meaning.type or _type(column.name, meaning.unit, numbers, is_daily=bool(found.slots))
    return FileColumn(
        name=column.name, place=column.place, unit=meaning.unit,
        key=meaning.key or ("import_energy" if found.slots else ""), type=kind,
        count=numbers.count, rises=numbers.rises, falls=numbers.falls,
        low=float(numbers.low) if numbers.count else None,
        high=float(numbers.high) if numbers.count else None,
        texts=tuple(numbers.texts),
        is_text=not numbers.count and bool(numbers.unread),
    )  # fmt: skip


def _merged(own: ColumnMeaning, of_column: ColumnMeaning) -> ColumnMeaning:
    """What the series' own name tells, and for the rest what its column's does."""
    return ColumnMeaning(
        own.unit or of_column.unit, own.key or of_column.key, own.type or of_column.type
    )


def _type(name: str, unit: str, numbers: SeriesNumbers, *, is_daily: bool) -> str:
    """The type that numbers of that unit are of, "" while too few of them tell it.

    Energy counts on, or is that of each interval.
    """
    if is_daily:
        return "interval"
    dimension = UNITS[unit].dimension if unit in UNITS else ""
    if "energy" in dimension or dimension in ("volume", "charge", "irradiation"):
        if numbers.counts_on:
            return "counter"
        return "" if numbers.rises else "interval"
    if unit:
        return "gauge"
    return "counter" if numbers.counts_on and _COUNTED.search(name) else ""


# Words --------------------------------------------------------------------------------------


def _left_out(found: Understood, contents: FileContents) -> list[str]:
    lines = found.first - 1 - (1 if found.header else 0)
    said = [f"{_counted(lines, 'line')} before the first row"] if lines > 0 else []
    if contents.left_out:
        said.append(f"{_counted(contents.left_out, 'row')} of totals or remarks")
    return said


def _counted(number: int, one: str, many: str = "") -> str:
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def _warnings(found: Understood, contents: FileContents, profile: Profile) -> tuple[str, ...]:
    said = []
    if any(contents.repeated):
        said.append(_about_repeated(*contents.repeated))
    texts = sum(found.unread for found in contents.series.values() if not found.count)
    if bad := contents.refused - texts:
        said.append(f"{_counted(bad, 'cell or row', 'cells or rows')} cannot be read.")
    if found.day:
        said.append(f"The rows have no date: {found.day} was taken from the name of the file.")
    if profile.name == UK:
        said.append(f"Times were taken for local ones of {found.time_zone}; meters may send GMT.")
    return tuple(said)


def _about_repeated(firsts: int, seconds: int) -> str:
    if firsts and seconds:
        return (
            "An hour occurs twice, because the clocks were put back: its rows are told apart by "
            "their order."
        )
    return (
        "The clocks show an hour twice, because they were put back. The file has its rows once: "
        f"they are taken for the {'first' if firsts else 'second'} of the "
        "two."
    )


def _text(micros: int | None) -> str:
    return "" if micros is None else from_micros(micros).isoformat().replace("+00:00", "Z")


def _preview(file: Path, found: Understood) -> tuple[PreviewRow, ...]:
    """The first ten rows, each read behind those before it."""
    reader = FileReader(found)
    rows = islice((row for row in read_rows(file, found)), _PREVIEWED)
    return tuple(_previewed(row, reader.read([row]), found) for row in rows)


def _previewed(row: FileRow, block: FileBlock, found: Understood) -> PreviewRow:
    cells = row.cells or []
    places = [found.time_column, *([] if found.clock_column is None else [found.clock_column])]
    written = " ".join(cells[place] for place in places if place < len(cells))
    problem = block.refused[0].reason if block.refused else ""
    if not block.values.size:
        return PreviewRow(row.line, written, "", {}, problem=problem)
    at_first = block.timestamps == block.timestamps[0]
    names = [block.names[index] for index in block.name_of[at_first].tolist()]
    values = dict(zip(names, block.values[at_first].tolist(), strict=True))
    first = int(block.timestamps[0])
    offset = _offset(first, found) if any(block.repeated) else ""
    return PreviewRow(row.line, written, _text(first), values, offset, problem)


def _offset(micros: int, found: Understood) -> str:
    local = from_micros(micros).astimezone(ZoneInfo(found.time_zone))
    return datetime.isoformat(local.astimezone(local.tzinfo or UTC))[-6:]

"""Reads a file once to say what is in it: how many rows, from when to when, which series."""

import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np

from energy.instants import from_micros
from history.arrays import Floats, Ints
from ingest.layouts import green_button
from ingest.layouts.columns import MAX_SERIES, unit_column
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
_TEXTS = 3  # that are kept of a series
_STEPS = 1_000  # distinct distances between rows that are counted
_COUNTED = re.compile(r"energy|total|import|export|meter|yield|zählerstand", re.IGNORECASE)
_RISING = 8  # numbers that have to rise before they are taken for a counter's


@dataclass(slots=True)
class _Found:
    """What one series has been seen to hold."""

    count: int = 0
    low: float = np.inf
    high: float = -np.inf
    falls: bool = False
    texts: list[str] = field(default_factory=list)
    unread: int = 0
    last: float | None = None
    before: int | None = None

    def add(self, timestamps: Ints, values: Floats, steps: Counter[int]) -> None:
        """Take some readings into account, and the distances between them."""
        self.count += values.size
        self.low, self.high = min(self.low, values.min()), max(self.high, values.max())
        ordered = values if self.last is None else np.concatenate([[self.last], values])
        times = timestamps if self.before is None else np.concatenate([[self.before], timestamps])
        distances = np.diff(times)
        down = np.diff(ordered) * np.sign(distances) < 0
        self.falls = self.falls or bool(down.any())
        self.last, self.before = float(values[-1]), int(timestamps[-1])
        if len(steps) < _STEPS:
            found, counts = np.unique(np.abs(distances), return_counts=True)
            steps.update(dict(zip(found.tolist(), counts.tolist(), strict=True)))


@dataclass(slots=True)
class _Contents:
    """What a whole file has been seen to hold."""

    series: dict[str, _Found] = field(default_factory=dict)
    steps: Counter[int] = field(default_factory=Counter)
    rows: int = 0
    left_out: int = 0
    repeated: int = 0
    refused: int = 0
    first: int | None = None
    last: int | None = None

    def add(self, block: FileBlock) -> None:
        """Take a block into account. Raises NotUnderstood for too many series."""
        self.rows += block.rows - block.left_out
        self.left_out += block.left_out
        self.repeated += block.repeated
        self.refused += len(block.refused)
        for refused in block.refused:
            if refused.column and len(self.series) <= MAX_SERIES:
                found = self.series.setdefault(refused.column, _Found())
                found.unread += 1
                if refused.found not in found.texts and len(found.texts) < _TEXTS:
                    found.texts.append(refused.found)
        for index, name in enumerate(block.names):
            chosen = block.name_of == index
            found = self.series.setdefault(name, _Found())
            found.add(block.timestamps[chosen], block.values[chosen], self.steps)
        if len(self.series) > MAX_SERIES:
            raise NotUnderstood(f"The rows name over {MAX_SERIES:,} series.", "Split the file.")
        if block.timestamps.size:
            low, high = int(block.timestamps.min()), int(block.timestamps.max())
            self.first = low if self.first is None else min(low, self.first)
            self.last = high if self.last is None else max(high, self.last)


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


def _read(file: Path, found: Understood) -> _Contents:
    contents, reader = _Contents(), FileReader(found)
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
        unit = common if place in found.slots else own or meaning_of(name).unit or common
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
    found: Understood, contents: _Contents, meanings: dict[str, ColumnMeaning]
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
    found: Understood, column: FileColumn, contents: _Contents, meanings: dict[str, ColumnMeaning]
) -> FileColumn:
    numbers = contents.series.get(column.name, _Found())
    by_place = meanings.get(f"{column.place}", ColumnMeaning())
    measured = known_unit(re.split("[,/]", column.name)[0]) if found.profile == INFLUX else ""
    own = meaning_of(column.name, measured or by_place.unit)
    meaning = meanings.get(column.name) or _merged(own, by_place)
    rises = bool(numbers.count >= _RISING and not numbers.falls and numbers.high > numbers.low)
    kind = meaning.type or _type(column.name, meaning.unit, rises=rises, is_daily=bool(found.slots))
    return FileColumn(
        name=column.name, place=column.place, unit=meaning.unit,
        key=meaning.key or ("import_energy" if found.slots else ""), type=kind,
        count=numbers.count, rises=rises,
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


def _type(name: str, unit: str, *, rises: bool, is_daily: bool) -> str:
    """The type that numbers of that unit are of: energy rises, or is that of each interval."""
    if is_daily:
        return "interval"
    dimension = UNITS[unit].dimension if unit in UNITS else ""
    if "energy" in dimension or dimension in ("volume", "charge", "irradiation"):
        return "counter" if rises else "interval"
    if unit:
        return "gauge"
    return "counter" if rises and _COUNTED.search(name) else ""


# Words --------------------------------------------------------------------------------------


def _left_out(found: Understood, contents: _Contents) -> list[str]:
    lines = found.first - 1 - (1 if found.header else 0)
    said = [f"{_counted(lines, 'line')} before the first row"] if lines > 0 else []
    if contents.left_out:
        said.append(f"{_counted(contents.left_out, 'row')} of totals or remarks")
    return said


def _counted(number: int, one: str, many: str = "") -> str:
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def _warnings(found: Understood, contents: _Contents, profile: Profile) -> tuple[str, ...]:
    said = []
    if contents.repeated:
        said.append(
            "An hour occurs twice, because the clocks were put back: its rows are told apart by "
            "their order."
        )
    texts = sum(found.unread for found in contents.series.values() if not found.count)
    if bad := contents.refused - texts:
        said.append(f"{_counted(bad, 'cell or row', 'cells or rows')} cannot be read.")
    if found.day:
        said.append(f"The rows have no date: {found.day} was taken from the name of the file.")
    if profile.name == UK:
        said.append(f"Times were taken for local ones of {found.time_zone}; meters may send GMT.")
    return tuple(said)


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
    offset = _offset(first, found) if block.repeated else ""
    return PreviewRow(row.line, written, _text(first), values, offset, problem)


def _offset(micros: int, found: Understood) -> str:
    local = from_micros(micros).astimezone(ZoneInfo(found.time_zone))
    return datetime.isoformat(local.astimezone(local.tzinfo or UTC))[-6:]

"""Which columns of a file are the time, which name a series, which hold its values. Pure."""

import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

from ingest.layouts.dates import is_clock, shape_of, start_of
from ingest.layouts.meanings import unit_in
from ingest.layouts.numbers import is_like_number
from ingest.layouts.profiles import Profile
from ingest.layouts.sketch import Sketch
from ingest.layouts.slots import DaySlots, slots_in
from ingest.layouts.understood import EPOCH, Asked, FileColumn, NotUnderstood

MAX_SERIES = 2_000  # columns of a file, or names in its rows
_MOST = 0.8  # of the cells of a column
_START = re.compile(r"start|from|begin|von\b|van\b", re.IGNORECASE)
_END = re.compile(r"\bend|stop|\bto\b|until|\bbis\b|\btot\b|update|revision", re.IGNORECASE)
_TIME = re.compile(
    r"time|date|zeit|datum|tijd|stamp|epoch|unix|heure|fecha|\bdata\b|ora\b", re.IGNORECASE
)
_METER = re.compile(
    r"\W*(mpan|mprn?|mpxn|msid|meter|serial|esiid|point|register)\b.*", re.IGNORECASE
)
_CODE = re.compile(r"\W*\d+", re.ASCII)
_UNIT = re.compile(r"units?|uom|einheit|eenheid", re.IGNORECASE)


class Columns(NamedTuple):
    """The places of a file's columns by what they hold; `left_out` says what is not read.

    `values` are those of measurements. `series` has, beside them, numbers that are rather codes or
    instants: they mean nothing by themselves, but may be chosen.
    """

    time: int
    clock: int | None
    named_by: tuple[int, ...]
    values: tuple[int, ...]
    slots: DaySlots | None
    series: tuple[FileColumn, ...]
    left_out: tuple[str, ...]


def columns_of(sketch: Sketch, profile: Profile, asked: Asked) -> Columns:
    """Tell the columns apart. Raises NotUnderstood where there is no time or no number."""
    names = _full_names(sketch)
    slots = slots_in(names[: sketch.width])
    time, clock = _times(sketch, names, profile, asked)
    taken = {time, clock, *(slots.places if slots else ())}
    named_by = _naming(sketch, names, profile, taken, is_daily=bool(slots))
    rest = [place for place in range(sketch.width) if place not in taken and place not in named_by]
    ignored = [place for place in rest if _is_ignored(sketch, names[place], place, profile)]
    read = [place for place in rest if place not in ignored]
    numbers = [] if slots else [place for place in read if _is_numeric(sketch, place)]
    values = [
        place for place in numbers if not _is_no_measurement(sketch, names[place], place)
    ] or numbers
    texts = [place for place in read if place not in numbers and sketch.column(place)]
    if not (values or slots):
        raise _no_numbers(names)
    if len(numbers) > MAX_SERIES:
        raise NotUnderstood(
            f"The file has {len(numbers):,} columns.", f"At most {MAX_SERIES:,} are read."
        )
    series = () if slots or named_by else _series(names, numbers, texts, sketch)
    left_out = tuple(f"the column {names[place]}" for place in ignored if names[place])
    return Columns(time, clock, tuple(named_by), tuple(values), slots, series, left_out)


def _full_names(sketch: Sketch) -> list[str]:
    """A name for each column; those of a file without names are `value`, `value 2` and so on."""
    return [*sketch.names, *[""] * (sketch.width - len(sketch.names))]


def _times(
    sketch: Sketch, names: Sequence[str], profile: Profile, asked: Asked
) -> tuple[int, int | None]:
    if asked.time_column:
        time = _asked_column(names, asked.time_column)
    else:
        time = _time_column(sketch, names, profile)
    if _share(sketch, time, _has_clock) > 0:
        return time, None
    clocks = [
        place
        for place in range(sketch.width)
        if place != time and _share(sketch, place, is_clock) > _MOST
    ]
    return time, _preferred(clocks, names, profile.clock) if clocks else None


def _asked_column(names: Sequence[str], wanted: str) -> int:
    for place, name in enumerate(names):
        if name.casefold() == wanted.casefold() or (not name and wanted == str(place + 1)):
            return place
    known = ", ".join(f"“{name}”" for name in names if name)[:300]
    raise NotUnderstood(
        f"There is no column “{wanted}”.", f"There are {known}.", field="time_column"
    )


def _time_column(sketch: Sketch, names: Sequence[str], profile: Profile) -> int:
    dates = [place for place in range(sketch.width) if _share(sketch, place, _is_date) > _MOST]
    epochs = [
        place
        for place in range(sketch.width)
        if _is_of_epochs(sketch, names[place], place, profile)
    ]
    clocks = [place for place in range(sketch.width) if _share(sketch, place, is_clock) > _MOST]
    if not (dates or epochs or clocks):
        shown = ", ".join(f"“{name}”" for name in names if name)[:300]
        raise NotUnderstood(
            f"No time column was found among the columns {shown}.",
            "Say which one it is, and the format of its dates.",
            field="time_column",
        )
    return _preferred(dates or epochs or clocks, names, profile.time)


def _is_date(cell: str) -> bool:
    shape = shape_of(start_of(cell))
    return shape is not None and shape[0] != EPOCH


def _is_of_epochs(sketch: Sketch, name: str, place: int, profile: Profile) -> bool:
    """Whether large numbers are instants: in the first column, or where the name says so."""
    is_named = _TIME.search(name) or (profile.time and re.fullmatch(profile.time, name))
    numbers = _share(sketch, place, lambda cell: (shape_of(cell) or ("",))[0] == EPOCH)
    return numbers > _MOST and (place == 0 or bool(is_named))


def _preferred(places: Sequence[int], names: Sequence[str], pattern: str) -> int:
    """That of the name which the layout has, else a start, else one that is no end."""
    if pattern:
        for place in places:
            if re.fullmatch(pattern, names[place], re.IGNORECASE):
                return place
    for place in places:
        if _START.search(names[place]):
            return place
    return next((place for place in places if not _END.search(names[place])), places[0])


def _naming(
    sketch: Sketch,
    names: Sequence[str],
    profile: Profile,
    taken: set[int | None],
    *,
    is_daily: bool,
) -> list[int]:
    """The columns that name the series of a row."""
    places = [place for place in range(sketch.width) if place not in taken]
    if profile.named_by:
        return [
            place for place in places if re.fullmatch(profile.named_by, names[place], re.IGNORECASE)
        ]
    if is_daily:
        return [place for place in places if _is_of_codes(sketch, names[place], place)][:1]
    return [place for place in places if _tells_rows_apart(sketch, names[place], place, taken)]


def _tells_rows_apart(sketch: Sketch, name: str, place: int, taken: set[int | None]) -> bool:
    """Whether it is a column of words, or of codes that return, by which rows of one time differ.

    A meter's readings may differ at one time, too, but they do not return at most of the others.
    """
    words = set(sketch.column(place))
    are_numbers = any(map(is_like_number, words))
    if not 2 <= len(words) <= 100 or (are_numbers and not _is_of_codes(sketch, name, place)):
        return False
    times = [p for p in taken if p is not None]
    keys = [tuple((row.cells or [])[p] for p in times) for row in sketch.rows]
    pairs = {(*key, (row.cells or [])[place]) for key, row in zip(keys, sketch.rows, strict=True)}
    different = len(set(keys))
    if are_numbers and (different < 2 or len(pairs) < 0.5 * different * len(words)):
        return False
    return different < 0.8 * len(keys) and len(pairs) > different


def _is_of_codes(sketch: Sketch, name: str, place: int) -> bool:
    """Whether the name is that of an identifier, without a unit, and no cell has decimals."""
    return (
        bool(_METER.fullmatch(name))
        and not _has_unit(sketch, name, place)
        and all(_CODE.fullmatch(cell) or not is_like_number(cell) for cell in sketch.column(place))
    )


def _has_unit(sketch: Sketch, name: str, place: int) -> bool:
    """Whether a unit stands in the name or below it; the 1 of a number of pieces is none."""
    below = sketch.units[place] if place < len(sketch.units) else ""
    return not {unit_in(name), below} <= {"", "1"}


def _is_ignored(sketch: Sketch, name: str, place: int, profile: Profile) -> bool:
    if profile.ignored and re.fullmatch(profile.ignored, name, re.IGNORECASE):
        return True
    cells = sketch.column(place)
    if not cells:
        return not name
    if _is_numeric(sketch, place):
        return False
    return bool(_METER.fullmatch(name)) or all(map(_is_time, cells))


def _is_no_measurement(sketch: Sketch, name: str, place: int) -> bool:
    """Whether numbers are an identifier, which is the same in all rows, or further times."""
    cells = sketch.column(place)
    if not cells or _has_unit(sketch, name, place):
        return False
    is_identifier = len(set(cells)) == 1 and _is_of_codes(sketch, name, place)
    return is_identifier or all(map(_is_time, cells))


def _is_time(cell: str) -> bool:
    return bool(shape_of(cell)) or is_clock(cell)


def _is_numeric(sketch: Sketch, place: int) -> bool:
    cells = sketch.column(place)
    return not cells or _share(sketch, place, is_like_number) > 0.5


def _has_clock(cell: str) -> bool:
    shape = shape_of(start_of(cell))
    return shape is not None and (
        shape[0] == EPOCH or bool(re.search(r"\d:\d|:\d{4}|[T ]\d{4}", start_of(cell)))
    )


def _share(sketch: Sketch, place: int, test: Callable[[str], bool]) -> float:
    cells = sketch.column(place)
    return sum(map(test, cells)) / len(cells) if cells else 0.0


def _series(
    names: Sequence[str], values: Sequence[int], texts: Sequence[int], sketch: Sketch
) -> tuple[FileColumn, ...]:
    """A column each, by its name; without one it is `value`, and one that repeats is numbered."""
    found: list[FileColumn] = []
    seen: set[str] = set()
    for place in sorted((*values, *texts)):
        base = names[place] or "value"
        name = next(
            n for n in (base, *(f"{base} {k}" for k in range(2, MAX_SERIES + 2))) if n not in seen
        )
        seen.add(name)
        some = tuple(dict.fromkeys(sketch.column(place)))[:3] if place in texts else ()
        found.append(FileColumn(name=name, place=place, is_text=place in texts, texts=some))
    return tuple(found)


def unit_column(names: Sequence[str]) -> int | None:
    """The column that says the unit of each row's value, if there is one."""
    return next((place for place, name in enumerate(names) if _UNIT.fullmatch(name)), None)


def _no_numbers(names: Sequence[str]) -> NotUnderstood:
    shown = ", ".join(f"“{name}”" for name in names if name)[:300]
    return NotUnderstood(
        f"No column of numbers was found beside the time; the columns are {shown}.",
        "Export again with the values, or choose another time column.",
    )

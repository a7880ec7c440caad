"""Finds out what a file is: layout, encoding, columns, formats, time zone, units and types."""

import re
from collections.abc import Sequence
from itertools import islice, pairwise
from pathlib import Path

from ingest.csv_lines import Line
from ingest.layouts import green_button, influx
from ingest.layouts.asking import checked, known_zone
from ingest.layouts.columns import Columns, columns_of
from ingest.layouts.dates import DateReader, is_clock, start_of
from ingest.layouts.encodings import encoding_of, read_text_lines
from ingest.layouts.formats import with_formats
from ingest.layouts.profiles import (
    BY_NAME,
    EMONCMS,
    GREEN_BUTTON,
    INFLUX,
    UK,
    WIDE,
    Profile,
    profile_of,
)
from ingest.layouts.sketch import SAMPLE_LINES, Sketch, sketch_of
from ingest.layouts.slots import slots_in
from ingest.layouts.sources import read_rows
from ingest.layouts.summary import summarised
from ingest.layouts.understood import (
    ASCENDING,
    DESCENDING,
    END,
    EPOCH,
    START,
    Asked,
    NotUnderstood,
    Question,
    Understood,
)

_DAY_IN_NAME = re.compile(r"(?<!\d)(20\d\d)[-_.]?(0[1-9]|1[0-2])[-_.]?(0[1-9]|[12]\d|3[01])(?!\d)")
_NOTHING = Asked()


def understand(
    file: Path, asked: Asked = _NOTHING, *, zone: str = "", name: str = ""
) -> Understood:
    """What a file is taken for, with what people have said about it.

    `zone` is the Site's, for times without an offset; `name` that of the file where it is kept
    under another. Raises NotUnderstood, which says what was found and what to try.
    """
    asked = checked(asked)
    encoding = encoding_of(file)
    head = list(islice(read_text_lines(file, encoding), SAMPLE_LINES))
    text = "\n".join(line.text or "" for line in head)
    profile = _profile(asked, text)
    delimiter = asked.delimiter or ("," if profile.name == INFLUX else "")
    source = Understood(profile=profile.name, encoding=encoding, delimiter=delimiter)
    sketch = _sketch(file, source, head)
    profile = profile if asked.profile or profile.name != WIDE else _by_structure(sketch, profile)
    columns = columns_of(sketch, profile, asked)
    found = _with_columns(source, sketch, profile, columns)
    found = with_formats(file, found, sketch, profile, asked)
    found = _with_times(found, sketch, profile, asked, zone=zone, name=name or file.name)
    return summarised(file, found, profile, sketch)


def _profile(asked: Asked, text: str) -> Profile:
    if asked.profile:
        return BY_NAME[asked.profile]
    if green_button.is_xml(text):
        return BY_NAME[GREEN_BUTTON]
    if influx.is_annotated(text.splitlines()):
        return BY_NAME[INFLUX]
    return profile_of(text)


def _sketch(file: Path, source: Understood, head: Sequence[Line]) -> Sketch:
    """The sketch of a text file, or one of the rows that XML or annotated tables are made into."""
    headers = {GREEN_BUTTON: green_button.HEADER, INFLUX: influx.HEADER}
    if source.profile not in headers:
        return sketch_of(head, source.delimiter)
    rows = [row for row in islice(read_rows(file, source), SAMPLE_LINES) if row.cells]
    if not rows:
        label = BY_NAME[source.profile].label
        raise NotUnderstood(f"{label}: no reading was found in the file.", "Export it again.")
    names = headers[source.profile]
    return Sketch(",", 0, names, ("",) * len(names), frozenset(), tuple(rows))


def _by_structure(sketch: Sketch, profile: Profile) -> Profile:
    """The layout of a file that has no words of its own."""
    if not sketch.header and sketch.width == 2:
        return BY_NAME[EMONCMS]
    return BY_NAME[UK] if slots_in(sketch.names[: sketch.width]) else profile


def _with_columns(
    source: Understood, sketch: Sketch, profile: Profile, columns: Columns
) -> Understood:
    is_made = source.profile in (GREEN_BUTTON, INFLUX)
    return source.corrected(
        profile=profile.name,
        delimiter=sketch.delimiter,
        header=sketch.header,
        first=1 if is_made else sketch.first,
        width=sketch.width,
        names=sketch.names,
        time_column=columns.time,
        clock_column=columns.clock,
        named_by=columns.named_by,
        values=columns.values,
        slots=columns.slots.places if columns.slots else (),
        interval=columns.slots.interval if columns.slots else 0,
        columns=columns.series,
        left_out=columns.left_out,
    )


# Times --------------------------------------------------------------------------------------


def _with_times(
    found: Understood, sketch: Sketch, profile: Profile, asked: Asked, *, zone: str, name: str
) -> Understood:
    """The zone, the order of the rows, which end of an interval they are dated by, and the day."""
    # Means of a day's quarter hours are dated by their ends.
    day = _day(found, sketch, name)
    times = [cell for row in sketch.rows if (cell := (row.cells or [""])[found.time_column])]
    chosen, question = _zone(found, profile, asked, zone, times)
    return found.corrected(
        day=day,
        time_zone=chosen,
        time_is=asked.time_is or profile.time_is or (END if day else START),
        order=_order(found, times),
        questions=(*found.questions, *question),
    )


def _zone(
    found: Understood, profile: Profile, asked: Asked, zone: str, times: Sequence[str]
) -> tuple[str, list[Question]]:
    heading = found.names[found.time_column] if found.time_column < len(found.names) else ""
    by_heading = "UTC" if re.search(r"\bUTC\b", heading) else ""
    chosen = asked.time_zone or by_heading or profile.zone or zone
    if profile.name == UK and zone and not asked.time_zone:
        chosen = zone
    if chosen:
        return known_zone(chosen), []
    reader = DateReader(found.date_format)
    written = [reader.read(start_of(time)) for time in times[:50]]
    if found.date_format == EPOCH or all(each and each.offset is not None for each in written):
        return "UTC", []
    message = "The times have no offset: say which time zone they are in, such as Europe/Amsterdam."
    return "UTC", [Question("time_zone", message)]


def _order(found: Understood, times: Sequence[str]) -> str:
    reader = DateReader(found.date_format)
    walls = [written.wall for time in times if (written := reader.read(start_of(time)))]
    later = sum(b > a for a, b in pairwise(walls))
    earlier = sum(b < a for a, b in pairwise(walls))
    return DESCENDING if earlier > later else ASCENDING


def _day(found: Understood, sketch: Sketch, name: str) -> str:
    """The date of a file with times of day only, which its name may have; "" for all others."""
    times = sketch.column(found.time_column)
    if found.clock_column is not None or not times or not all(map(is_clock, times)):
        return ""
    match = _DAY_IN_NAME.search(name)
    if not match:
        raise NotUnderstood(
            "The rows have times of day, and no date.",
            "Put the date into the name of the file, such as energy_2026-11-20.csv.",
        )
    return "-".join(match.groups())

"""InfluxDB's annotated CSV: tables one below the other, each with a header of its own. Pure.

https://docs.influxdata.com/influxdb/v2/reference/syntax/annotated-csv/
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

HEADER = ("series", "_time", "_value")
_OWN = frozenset(
    ("", "result", "table", "_start", "_stop", "_time", "_value", "_field", "_measurement")
)
_ANNOTATIONS = ("#group", "#datatype", "#default")
_NUMBERS = frozenset(("double", "long", "unsignedLong"))

Row = tuple[int, list[str] | None]


def is_annotated(lines: Sequence[str]) -> bool:
    """Whether some first lines are those of such a table, with its annotations or without."""
    texts = [line.lower().replace('"', "") for line in lines[:6]]
    return any(
        text.startswith(_ANNOTATIONS) or {"_time", "_value"} <= set(text.split(","))
        for text in texts
    )


@dataclass(slots=True)
class _FluxTable:
    """The annotations and the header that the rows below them are read by."""

    header: list[str] = field(default_factory=list)
    types: dict[int, str] = field(default_factory=dict)
    defaults: list[str] = field(default_factory=list)
    awaits_header: bool = True

    def annotate(self, cells: list[str]) -> None:
        """Take an annotation; a header follows."""
        self.awaits_header = True
        if cells[0].lower() == "#default":
            self.defaults = cells
        elif cells[0].lower() == "#datatype":
            self.types = dict(enumerate(cells))

    def value_columns(self) -> list[int]:
        """`_value`, or in a pivoted table each column of numbers."""
        if "_value" in self.header:
            return [self.header.index("_value")]
        return [
            place
            for place, name in enumerate(self.header)
            if name not in _OWN and self.types.get(place) in _NUMBERS
        ]

    def with_defaults(self, cells: list[str]) -> list[str]:
        """A row with what the annotations say for its empty cells."""
        known = dict(enumerate(self.defaults[1:], 1))
        return [cell or known.get(place, "") for place, cell in enumerate(cells)]


def read_rows(rows: Iterable[Row]) -> Iterator[Row]:
    """Rows of series, time and value; a series is called by measurement, tags and field.

    A row behind an annotation names the columns of those that follow.
    """
    table = _FluxTable()
    for line, cells in rows:
        if cells is None:
            yield line, None
        elif cells[0].startswith("#"):
            table.annotate(cells)
        elif table.awaits_header or cells == table.header:
            table.header, table.awaits_header = cells, False
        else:
            yield from _readings(line, table, table.with_defaults(cells))


def _readings(line: int, table: _FluxTable, cells: list[str]) -> Iterator[Row]:
    if len(cells) != len(table.header) or "error" in table.header:
        yield line, None
        return
    by_name = dict(zip(table.header, cells, strict=True))
    places = table.value_columns()
    values = {table.header[place] for place in places}
    tags = [
        f"{name}={text}" for name, text in by_name.items() if name not in _OWN | values and text
    ]
    series = ",".join([by_name.get("_measurement", ""), *sorted(tags)]).strip(",")
    time = by_name.get("_time") or by_name.get("_stop") or ""
    for place in places:
        name = table.header[place]
        field_name = by_name.get("_field", "") if name == "_value" else name
        yield line, ["/".join(part for part in (series, field_name) if part), time, cells[place]]

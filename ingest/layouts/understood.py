"""What a file was taken for, as a plain value that people can correct field by field. Pure."""

from dataclasses import dataclass, field
from typing import Any

import msgspec

from energy.errors import DomainError
from history.arrays import Floats, Ints

ISO = "%Y-%m-%d"
EPOCH = "epoch"  # seconds since 1970, or thousandths, millionths or billionths of them

ASCENDING, DESCENDING = "ascending", "descending"
START, END = "start", "end"


class FileColumn(msgspec.Struct, frozen=True, kw_only=True):
    """A series of a file: a column of numbers, or the rows that bear one name.

    `place` is the column that holds its values, counted from 0. `unit`, `key` and `type` are a
    Metric's, each "" where the file tells nothing. The rest says what stands in it: how many
    numbers, the least and the greatest, whether they rise and never fall, how often they do fall,
    and some texts among them.
    """

    name: str
    place: int
    unit: str = ""
    key: str = ""
    type: str = ""
    count: int = 0
    low: float | None = None
    high: float | None = None
    rises: bool = False
    falls: int = 0
    texts: tuple[str, ...] = ()
    is_text: bool = False


class Question(msgspec.Struct, frozen=True):
    """What the file leaves open: the field to fill in, and what to choose from."""

    field: str
    message: str


class PreviewRow(msgspec.Struct, frozen=True):
    """A row as it is understood: its line, its time as written and in UTC, a number a series.

    `time` is "" and `problem` says why where the row is refused; `offset` is that of the local time
    where the clocks show it twice.
    """

    line: int
    written: str
    time: str
    values: dict[str, float]
    offset: str = ""
    problem: str = ""


class Understood(msgspec.Struct, frozen=True, kw_only=True):
    """All that reading a file takes. Lines are counted from 1, columns from 0.

    `header` is the line of the names, 0 where there are none, and `first` that of the first row.
    `clock_column` holds the time of day where it stands apart from the date. The columns in
    `named_by` name the series that a row is of; without any, each column is a series. `values` are
    the columns of numbers. `slots` are the columns of a day's intervals where a row is a day, and
    `day` is the date of a file that has times of day only.
    `time_zone` is an IANA name that times without an offset are in; `interval` the seconds from one
    row to the next, 0 where they vary. `time_is` says which end of its interval a row is dated by.
    """

    profile: str
    encoding: str
    delimiter: str = ","
    decimal: str = "."
    header: int = 0
    first: int = 1
    width: int = 0
    time_column: int = 0
    clock_column: int | None = None
    named_by: tuple[int, ...] = ()
    values: tuple[int, ...] = ()
    slots: tuple[int, ...] = ()
    date_format: str = ISO
    day: str = ""
    time_zone: str = ""
    time_is: str = START
    order: str = ASCENDING
    interval: int = 0
    names: tuple[str, ...] = ()
    columns: tuple[FileColumn, ...] = ()
    rows: int = 0
    start: str = ""
    end: str = ""
    left_out: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    questions: tuple[Question, ...] = ()
    preview: tuple[PreviewRow, ...] = ()

    def corrected(self, **fields: Any) -> "Understood":
        """The same with other values in some fields."""
        return msgspec.structs.replace(self, **fields)


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What people say about a file; "" leaves it to be found out. `time_column` is a name."""

    profile: str = ""
    time_zone: str = ""
    time_column: str = ""
    delimiter: str = ""
    decimal: str = ""
    date_format: str = ""
    time_is: str = ""


@dataclass(frozen=True, slots=True, order=True)
class Refused:
    """What of a row cannot be stored: where it stands, what was found, and what to try."""

    line: int
    column: str
    found: str
    reason: str


@dataclass(frozen=True, slots=True)
class FileBlock:
    """Some rows of a file, n readings of them.

    `names` are the series that occur, `name_of` intp[n] is the index in it of each reading's;
    `timestamps` int64[n] in microseconds since the Unix epoch, `values` float64[n] in the file's
    units, `lines` int64[n] where they stand. `left_out` counts rows of totals and remarks,
    `repeated` those in the first and in the second of two hours that clocks show alike.
    """

    names: list[str]
    name_of: Ints
    timestamps: Ints
    values: Floats
    lines: Ints
    refused: list[Refused] = field(default_factory=list)
    rows: int = 0
    left_out: int = 0
    repeated: tuple[int, int] = (0, 0)


class NotUnderstood(DomainError):
    """A file that cannot be read: the message says what was found, `tries` what may help."""

    def __init__(self, found: str, *tries: str, field: str = "file") -> None:
        advice = "".join(f" {each}" for each in tries)
        super().__init__(f"{found}{advice}", code="not_understood", field=field)
        self.found = found
        self.tries = tries

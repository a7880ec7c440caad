"""Dates and times as files write them: the format is told from all of a column. Pure."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

from ingest.layouts.understood import EPOCH, ISO

_MONTHS = {
    name: number
    for number, names in enumerate(
        ("jan", "feb", "mar mär mrt", "apr", "may mai mei", "jun", "jul", "aug", "sep", "oct okt",
         "nov", "dec dez"), 1)
    for name in names.split()
}  # fmt: skip
_CLOCK = (
    r"(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,](?P<fraction>\d{1,9}))?)?"
    r"\s?(?P<half>[ap]\.?m\.?)?"
)
_BEHIND = r"\s*(?:(?P<offset>Z|[+-]\d{2}:?\d{2})|\(?(?P<zone>(?-i:[A-Z]{3,5}))\)?)?"
_BETWEEN = r"(?:T|,?\s+|:)"
_RANGE = re.compile(r"\s+(?:-|–|to)\s+")
# Since September 2001: seconds, and what is finer by a thousand each.
_EPOCH_CELL = re.compile(r"([12]\d{9}(?:\d{3}|\d{6}|\d{9})?)(\.\d+)?", re.ASCII)
# Zones whose names say their offset, whatever the zone of the file.
_FIXED = {"UTC": 0, "GMT": 0, "CET": 3600, "CEST": 7200}
_PATTERNS = {
    "%Y": r"(?P<year>\d{4})", "%y": r"(?P<short>\d{2})", "%m": r"(?P<month>\d{1,2})",
    "%d": r"(?P<day>\d{1,2})", "%b": r"(?P<name>[A-Za-zä]{3,9})\.?",
    "%B": r"(?P<name>[A-Za-zä]{3,9})",
}  # fmt: skip
_TIGHT = {"%Y": r"(?P<year>\d{4})", "%m": r"(?P<month>\d{2})", "%d": r"(?P<day>\d{2})"}
_TIGHT_CLOCK = r"(?P<hour>\d{2}):?(?P<minute>\d{2})(?::?(?P<second>\d{2}))?"
# How people write patterns who do not know those of strptime.
_LETTERS = (
    ("yyyy", "%Y"), ("YYYY", "%Y"), ("yy", "%y"), ("YY", "%y"), ("MMM", "%b"), ("MM", "%m"),
    ("dd", "%d"), ("DD", "%d"), ("HH", "%H"), ("hh", "%H"), ("mm", "%M"), ("ss", "%S"),
)  # fmt: skip
_SHAPES = (
    # Year first: the order of the rest is never in doubt.
    (re.compile(r"\d{4}(?P<sep>[-./])\d{1,2}(?P=sep)\d{1,2}(?!\d)"), "%Y{sep}%m{sep}%d"),
    (
        re.compile(r"(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?=$|[:T ]\d{4})"),
        "%Y%m%d",
    ),
    (re.compile(r"(?P<a>\d{1,2})(?P<sep>[-./])(?P<b>\d{1,2})(?P=sep)\d{4}(?!\d)"), "?%Y"),
    (re.compile(r"(?P<a>\d{1,2})(?P<sep>[-./])(?P<b>\d{1,2})(?P=sep)\d{2}(?!\d)"), "?%y"),
    (re.compile(r"\d{1,2}(?P<sep>[-. ])[A-Za-zä]{3,9}\.?(?P=sep)\d{4}"), "%d{sep}%b{sep}%Y"),
    (re.compile(r"\d{1,2}(?P<sep>[-. ])[A-Za-zä]{3,9}\.?(?P=sep)\d{2}(?!\d)"), "%d{sep}%b{sep}%y"),
    (re.compile(r"[A-Za-z]{3,9} \d{1,2}, \d{4}"), "%b %d, %Y"),
)
_ONLY_CLOCK = re.compile(_CLOCK, re.ASCII | re.IGNORECASE)
_BEHIND_DATE = re.compile(rf"(?:{_BETWEEN}(?:{_CLOCK}|\d{{4,6}}))?{_BEHIND}", re.IGNORECASE)
_YEARS = range(1900, 2262)
_UNIX = datetime(1970, 1, 1)  # noqa: DTZ001  (on the clocks of a file)
DAY_FIRST, MONTH_FIRST = "day first", "month first"


class Written(NamedTuple):
    """A time as a file has it: that of a clock, naive, and the offset or zone beside it, if any."""

    wall: datetime
    offset: int | None = None  # seconds east of UTC
    zone: str = ""


def is_clock(cell: str) -> bool:
    """Whether it is a time of day and nothing else."""
    return bool(_ONLY_CLOCK.fullmatch(cell))


def start_of(cell: str) -> str:
    """The first of the two times of an interval; any other text as it is."""
    return _RANGE.split(cell, maxsplit=1)[0].strip()


def shape_of(cell: str) -> tuple[str, str, int, int] | None:
    """The date's pattern, its sign between numbers and, of an open order, the first two numbers.

    An open order is `?%Y` or `?%y`. None where the cell is no date.
    """
    if _EPOCH_CELL.fullmatch(cell):
        return EPOCH, "", 0, 0
    for shape, pattern in _SHAPES:
        if match := shape.match(cell):
            parts = match.groupdict()
            sep = parts.get("sep") or ""
            rest = cell[match.end() :]
            if rest and not _BEHIND_DATE.fullmatch(rest):
                return None
            return pattern.format(sep=sep), sep, int(parts.get("a") or 0), int(parts.get("b") or 0)
    return None


@dataclass(slots=True)
class DateEvidence:
    """What the dates of a file say about their format, and about the order of day and month."""

    patterns: dict[tuple[str, str], int] = field(default_factory=dict)
    most: tuple[int, int] = (0, 0)
    first: tuple[int, int] = (0, 0)
    days: set[tuple[int, int]] = field(default_factory=set)

    def add(self, cells: Iterable[str]) -> None:
        """Take some cells into account."""
        last = None
        for cell in cells:
            head = cell[:12]
            if head != last and (shape := shape_of(start_of(cell))):
                last = head
                self._count(*shape)

    def _count(self, pattern: str, sep: str, a: int, b: int) -> None:
        self.patterns[pattern, sep] = self.patterns.get((pattern, sep), 0) + 1
        self.most = (max(self.most[0], a), max(self.most[1], b))
        if len(self.days) < 400:
            self.days.add((a, b))

    @property
    def is_open(self) -> bool:
        """Whether the order of day and month is not proven yet."""
        return self._pattern[0].startswith("?") and max(self.most) <= 12

    @property
    def _pattern(self) -> tuple[str, str]:
        return max(self.patterns, key=lambda each: self.patterns[each], default=("", ""))

    def pattern(self, order: str = "") -> str:
        """The format; "" while the order of day and month is open and `order` does not say it."""
        shape, sep = self._pattern
        if not shape.startswith("?"):
            return shape
        year = shape[1:]
        order = self.proven or order or self._likelier
        by_order = {
            DAY_FIRST: f"%d{sep}%m{sep}{year}",
            MONTH_FIRST: f"%m{sep}%d{sep}{year}",
        }
        return by_order.get(order, "")

    @property
    def proven(self) -> str:
        """The order that numbers above 12 prove."""
        if self.most[0] > 12:
            return DAY_FIRST
        return MONTH_FIRST if self.most[1] > 12 else ""

    @property
    def _likelier(self) -> str:
        """With points the day is first; days in a row are likelier than months in a row."""
        if self._pattern[1] == ".":
            return DAY_FIRST
        firsts, seconds = ({day[n] for day in self.days} for n in (0, 1))
        if len(firsts) > 2 and len(seconds) == 1:
            return DAY_FIRST
        return MONTH_FIRST if len(seconds) > 2 and len(firsts) == 1 else ""


class DateReader:
    """Reads cells of one format: `epoch`, or a pattern of %d, %m, %Y, %y and %b.

    What stands behind the date is read as it comes: a time of day with or without seconds, a half
    of the day, an offset, the name of a zone.
    """

    def __init__(self, date_format: str) -> None:
        self.date_format = normal_format(date_format)
        self._regex = _compiled(self.date_format)

    def read(self, cell: str) -> Written | None:
        """The time that a cell is; None where it is none of this format."""
        if self.date_format == EPOCH:
            return _epoch(cell)
        match = self._regex.fullmatch(cell)
        return _written(match.groupdict()) if match else None


def normal_format(written: str) -> str:
    """A format as people write it, as pattern of strptime without the time of day.

    Raises ValueError where it has no year, month and day.
    """
    text = written.strip()
    if text.lower() in ("iso", EPOCH):
        return ISO if text.lower() == "iso" else EPOCH
    if "%" not in text:
        if "MM" not in text:
            text = text.replace("mm", "MM", 1)
        for letters, directive in _LETTERS:
            text = text.replace(letters, directive)
    date = re.split(r"(?:T|,?\s+|:)?%[HIMSpfzZ].*", text, maxsplit=1)[0].strip()
    if not all(re.search(part, date) for part in ("%[Yy]", "%[mbB]", "%d")):
        raise ValueError(f"“{written}” names no year, month and day, as %d.%m.%Y does.")
    return date


def _compiled(date_format: str) -> re.Pattern[str]:
    if date_format == EPOCH:
        return _EPOCH_CELL
    is_tight = date_format == "%Y%m%d"
    patterns, clock = (_TIGHT, _TIGHT_CLOCK) if is_tight else (_PATTERNS, _CLOCK)
    date = re.sub(r"%[a-zA-Z]", lambda m: patterns.get(m[0], r"(?!)"), _escaped(date_format))
    return re.compile(rf"{date}(?:{_BETWEEN}{clock})?{_BEHIND}", re.IGNORECASE)


def _escaped(date_format: str) -> str:
    return "".join(
        part if part.startswith("%") else re.escape(part)
        for part in re.split(r"(%[a-zA-Z])", date_format)
    )


def _written(parts: dict[str, str | None]) -> Written | None:
    try:
        day = _UNIX.replace(_year(parts), _month(parts), int(parts["day"] or 0))
        wall = day + time_of_day(parts)
        zone = parts["zone"] or ""
        offset = _FIXED.get(zone) if zone else _offset(parts["offset"])
    except (ValueError, OverflowError):
        return None
    return Written(wall, offset, zone)


def read_clock(cell: str) -> timedelta | None:
    """A time of day as the time since midnight, up to 24:00; None where it is none."""
    match = _ONLY_CLOCK.fullmatch(cell)
    try:
        return time_of_day(match.groupdict()) if match else None
    except ValueError:
        return None


def time_of_day(parts: dict[str, str | None]) -> timedelta:
    """The time since midnight. Raises ValueError for a clock that does not exist."""
    hour, minute, second = (int(parts.get(name) or 0) for name in ("hour", "minute", "second"))
    if half := parts.get("half"):
        if not 1 <= hour <= 12:
            raise ValueError("A half of a day has twelve hours.")
        hour = hour % 12 + (12 if half[0].lower() == "p" else 0)
    micros = int((parts.get("fraction") or "0").ljust(6, "0")[:6])
    if minute > 59 or second > 59 or hour > 24 or (hour == 24 and (minute or second or micros)):
        raise ValueError("There is no such time of day.")
    return timedelta(hours=hour, minutes=minute, seconds=second, microseconds=micros)


def _year(parts: dict[str, str | None]) -> int:
    year = int(parts.get("year") or 2000 + int(parts["short"] or 0))
    if year not in _YEARS:
        raise ValueError("Nothing was metered then.")
    return year


def _month(parts: dict[str, str | None]) -> int:
    if name := parts.get("name"):
        return _MONTHS.get(name[:3].lower(), 0)
    return int(parts["month"] or 0)


def _offset(text: str | None) -> int | None:
    if not text:
        return None
    if text in "Zz":
        return 0
    hours, minutes = int(text[1:3]), int(text[-2:])
    if hours > 23 or minutes > 59:
        raise ValueError("There is no such offset.")
    return (-60 if text[0] == "-" else 60) * (hours * 60 + minutes)


def _epoch(cell: str) -> Written | None:
    """Seconds, milliseconds, microseconds or nanoseconds since 1970, by the number of digits."""
    match = _EPOCH_CELL.fullmatch(cell)
    if not match:
        return None
    digits, fraction = match.groups()
    micros = int(digits.ljust(16, "0")[:16])
    if fraction and len(digits) == 10:
        micros += int(fraction[1:].ljust(6, "0")[:6])
    return Written(_UNIX + timedelta(microseconds=micros), 0)

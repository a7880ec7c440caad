"""Numbers as files have them: with a decimal comma, with signs between thousands, missing. Pure."""

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import msgspec
import numpy as np

from history.arrays import Floats
from ingest.literals import read_numbers

POINT, COMMA = ".", ","
# Written where there is no value; a row that has one of these has no reading there.
MISSING = frozenset(
    ("", "-", "--", "–", "—", "null", "none", "nil", "nan", "n/a", "na", "n/e", "#n/a",
     "unavailable", "unknown")
)  # fmt: skip
_SPREADSHEET = re.compile(r"#(REF|DIV/0|VALUE|NAME|NUM|NULL)[!?]")
_SPACES = "\u00a0\u202f\u2009 "
_OTHER_THOUSANDS = "'’" + _SPACES
# Digits with signs among them, whatever these mean; the exponent is that of a computer.
_LIKE = re.compile(
    rf"[+\-\u2212]?(?=\D*\d)[\d.,{_OTHER_THOUSANDS}]*(e[+-]?\d+)?", re.ASCII | re.IGNORECASE
)
_UNSIGN = str.maketrans({"\u2212": "-"})
_WITHOUT_OTHERS = str.maketrans("", "", _OTHER_THOUSANDS)
_UNUSUAL = re.compile(f"[,\u2212{_OTHER_THOUSANDS}]")


@dataclass(slots=True)
class DecimalEvidence:
    """What the numbers of a file say about which sign stands before the decimals.

    Three digits behind a single sign say nothing: 1,204 may be either. All else decides.
    """

    commas: int = 0
    points: int = 0
    undecided: set[str] = field(default_factory=set)  # the signs of such numbers

    def add(self, cells: Iterable[str]) -> None:
        """Take some cells into account."""
        text = "\n".join(cells)
        if "," in text or "." in text:
            self.commas += len(_DECIMAL_COMMA.findall(text))
            self.points += len(_DECIMAL_POINT.findall(text))
        for sign in {COMMA, POINT} - self.undecided:
            if sign in text and _EITHER[sign].search(text):
                self.undecided.add(sign)

    @property
    def decimal(self) -> str | None:
        """The sign; None where it is open."""
        if self.commas or self.points:
            return COMMA if self.commas > self.points else POINT
        return None if self.undecided else POINT


def _decimal(sign: str, other: str) -> re.Pattern[str]:
    """A number that can only have `sign` before its decimals."""
    s, o = re.escape(sign), re.escape(other)
    ways = (
        rf"\d+{s}(?:\d{{1,2}}|\d{{4,}})",  # other than three digits behind it
        rf"0{s}\d+",
        rf"\d{{4,}}{s}\d+",  # more than three before it
        rf"\d{{1,3}}(?:{o}\d{{3}})+{s}\d+",  # the other one between thousands
        rf"\d{{1,3}}(?:{o}\d{{3}}){{2,}}",
    )
    number = f"(?:{'|'.join(ways)})"
    return re.compile(
        rf"^[+\-\u2212]?{number}(?:e[+-]?\d+)?$", re.MULTILINE | re.ASCII | re.IGNORECASE
    )


_DECIMAL_COMMA = _decimal(COMMA, POINT)
_DECIMAL_POINT = _decimal(POINT, COMMA)
_EITHER = {
    sign: re.compile(
        rf"^[+\-\u2212]?[1-9]\d{{0,2}}{re.escape(sign)}\d{{3}}$", re.MULTILINE | re.ASCII
    )
    for sign in (COMMA, POINT)
}


def is_missing(cell: str) -> bool:
    """Whether a cell says that there is no value."""
    return cell.strip().lower() in MISSING


def is_like_number(cell: str) -> bool:
    """Whether it can be a number in one way of writing or another."""
    return bool(_LIKE.fullmatch(cell))


class NumberReader:
    """Reads the cells of a column, with one sign before decimals and others between thousands."""

    def __init__(self, decimal: str) -> None:
        self.decimal = decimal
        self.thousands = POINT if decimal == COMMA else COMMA
        others = re.escape(self.thousands + _OTHER_THOUSANDS)
        self._grouped = re.compile(
            rf"[+-]?\d{{1,3}}([{others}])\d{{3}}(?:\1\d{{3}})*(?:{re.escape(decimal)}\d*)?",
            re.ASCII,
        )

    def read_all(self, cells: Sequence[str]) -> tuple[Floats, dict[int, str]]:
        """The numbers, NaN where there is none, and by place what is wrong with a cell."""
        numbers = np.full(len(cells), np.nan)
        present = [n for n, cell in enumerate(cells) if cell.lower() not in MISSING]
        try:
            found = np.array(read_numbers(self._plain_all([cells[n] for n in present])))
        except msgspec.ValidationError:
            return self._one_by_one(cells, present)
        if not np.isfinite(found).all():
            return self._one_by_one(cells, present)
        numbers[present] = found
        return numbers, {}

    def _one_by_one(
        self, cells: Sequence[str], present: Sequence[int]
    ) -> tuple[Floats, dict[int, str]]:
        numbers = np.full(len(cells), np.nan)
        faults: dict[int, str] = {}
        for place in present:
            try:
                numbers[place] = self.read(cells[place])
            except ValueError as error:
                faults[place] = str(error)
        return numbers, faults

    def read(self, cell: str) -> float:
        """The number that a cell is. Raises ValueError, which says what to try."""
        try:
            (number,) = read_numbers([self._plain(cell.strip())])
        except msgspec.ValidationError:
            raise ValueError(self._fault(cell)) from None
        if not math.isfinite(number):
            raise ValueError("Not a finite number.")
        return number

    def _plain_all(self, cells: Sequence[str]) -> Sequence[str]:
        if self.decimal == POINT and not _UNUSUAL.search("\n".join(cells)):
            return cells
        return list(map(self._plain, cells))

    def _plain(self, cell: str) -> str:
        """With a point before the decimals and no other signs; "" for what mixes them up."""
        text = cell.translate(_UNSIGN)
        if self._grouped.fullmatch(text):
            text = text.translate(_WITHOUT_OTHERS).replace(self.thousands, "")
        elif self.decimal == COMMA and POINT in text:
            return ""
        return text.replace(COMMA, POINT) if self.decimal == COMMA else text

    def _fault(self, cell: str) -> str:
        if _SPREADSHEET.search(cell.upper()):
            return "Not a number: an error of the spreadsheet that wrote the file."
        return (
            f"Not a number with “{self.thousands}” for thousands and “{self.decimal}” for decimals."
        )

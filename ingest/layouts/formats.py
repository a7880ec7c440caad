"""The format of a file's dates and its decimal sign, told from as many rows as decide them."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

from ingest.layouts.dates import DAY_FIRST, MONTH_FIRST, DateEvidence
from ingest.layouts.delimited import FileRow
from ingest.layouts.numbers import COMMA, POINT, DecimalEvidence, is_like_number
from ingest.layouts.profiles import Profile
from ingest.layouts.sketch import Sketch
from ingest.layouts.sources import in_chunks, read_rows
from ingest.layouts.understood import ISO, Asked, Question, Understood

_HALVES = re.compile(r"\d ?[ap]m\b", re.IGNORECASE)
# The decimal sign that is usual beside a delimiter.
_USUAL = {",": POINT, ";": COMMA}


@dataclass(slots=True)
class _Evidence:
    """What has been seen of dates and numbers, and what people have said about them."""

    asked: Asked
    dates: DateEvidence = field(default_factory=DateEvidence)
    decimals: DecimalEvidence = field(default_factory=DecimalEvidence)

    def weigh(self, rows: Sequence[FileRow], found: Understood) -> None:
        """Take some rows into account."""
        cells = [row.cells for row in rows if row.cells and len(row.cells) >= found.width]
        self.dates.add(row[found.time_column] for row in cells)
        for place in found.slots or found.values:
            self.decimals.add(row[place] for row in cells if is_like_number(row[place]))

    @property
    def is_enough(self) -> bool:
        """Whether further rows would change nothing."""
        decimals = self.decimals
        is_known = decimals.commas or decimals.points or not decimals.undecided
        return bool(
            (self.asked.date_format or not self.dates.is_open) and (self.asked.decimal or is_known)
        )


def with_formats(
    file: Path, found: Understood, sketch: Sketch, profile: Profile, asked: Asked
) -> Understood:
    """The same with the format of dates and the decimal sign, or a question about them."""
    evidence = _Evidence(asked)
    for rows in in_chunks(chain(sketch.rows, _rest(file, found, sketch))):
        evidence.weigh(rows, found)
        if evidence.is_enough:
            break
    decimal, about_decimal = _decimal(evidence, sketch)
    date_format, about_dates = _date_format(evidence, profile, sketch)
    return found.corrected(
        date_format=date_format, decimal=decimal, questions=(*about_dates, *about_decimal)
    )


def _rest(file: Path, found: Understood, sketch: Sketch) -> Iterator[FileRow]:
    """The rows behind those of the sketch; they are read only if these do not decide."""
    last = sketch.rows[-1].line
    return (row for row in read_rows(file, found) if row.line > last)


def _date_format(
    evidence: _Evidence, profile: Profile, sketch: Sketch
) -> tuple[str, list[Question]]:
    if evidence.asked.date_format:
        return evidence.asked.date_format, []
    if not evidence.dates.patterns:  # times of day alone
        return ISO, []
    pattern = evidence.dates.pattern(profile.order or _habit(evidence, sketch))
    if pattern:
        return pattern, []
    question = Question(
        "date_format",
        "Day and month cannot be told apart: no number among them is above 12. Say %d/%m/%Y "
        "where the day comes first, %m/%d/%Y where the month does.",
    )
    return evidence.dates.pattern(DAY_FIRST), [question]


def _habit(evidence: _Evidence, sketch: Sketch) -> str:
    """Who writes decimal commas puts the day first; who writes AM and PM, the month."""
    if sketch.delimiter == ";" or evidence.decimals.decimal == COMMA:
        return DAY_FIRST
    halves = any(_HALVES.search(" ".join(row.cells or [])) for row in sketch.rows[:5])
    return MONTH_FIRST if halves else ""


def _decimal(evidence: _Evidence, sketch: Sketch) -> tuple[str, list[Question]]:
    decimals = evidence.decimals
    if sign := evidence.asked.decimal or decimals.decimal:
        return sign, []
    usual = _USUAL.get(sketch.delimiter, "")
    if decimals.undecided == {usual}:
        return usual, []
    signs = " or ".join(f"“{sign}”" for sign in sorted(decimals.undecided))
    question = Question(
        "decimal",
        f"All numbers have three digits behind {signs}: say which sign stands before decimals, "
        "point or comma; the other one stands between thousands.",
    )
    return POINT, [question]

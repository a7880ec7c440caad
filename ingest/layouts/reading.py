"""Readings out of a file, block by block, as an `Understood` says that it is to be read."""

import re
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np

from ingest.layouts.dates import DateReader, Written, read_clock, start_of
from ingest.layouts.delimited import FileRow
from ingest.layouts.local_times import SKIPPED, LocalTimes
from ingest.layouts.numbers import NumberReader, is_missing
from ingest.layouts.slots import slot_instants
from ingest.layouts.sources import in_chunks, read_rows
from ingest.layouts.understood import DESCENDING, END, FileBlock, Refused, Understood

UNNAMED = "value"  # the series of a file without names
_SECOND = 1_000_000  # µs
_SHOWN = 60  # characters of what was found
_TOTAL = re.compile(
    r"\W*(?:(?:grand |sub)?total|sum\b|summe|gesamt|totaal|somme|average|mittel|gemiddeld|minim"
    r"|maxim|mean\b)",
    re.IGNORECASE,
)


def read_file(
    file: Path, understood: Understood, only: Collection[str] | None = None
) -> Iterator[FileBlock]:
    """The blocks of a file in its order; `only` names the series that are wanted.

    The same file gives the same blocks each time, so a reader that stopped skips those it has had.
    """
    reader = FileReader(understood, only)
    for rows in in_chunks(read_rows(file, understood)):
        yield reader.read(rows)


class FileReader:
    """Reads the rows of a file in their order; where it is in a repeated hour it remembers."""

    def __init__(self, understood: Understood, only: Collection[str] | None = None) -> None:
        self.understood = understood
        self.only = only
        self._dates = DateReader(understood.date_format)
        self._numbers = NumberReader(understood.decimal)
        self._times = LocalTimes(
            ZoneInfo(understood.time_zone or "UTC"), understood.order == DESCENDING
        )
        self._day = datetime.fromisoformat(understood.day) if understood.day else None
        self._clock = timedelta()

    def read(self, rows: Sequence[FileRow]) -> FileBlock:
        """The readings of some rows that follow on those read before."""
        block, (firsts, seconds) = _Gathered(), self._times.repeated
        whole = [row for row in rows if self._is_whole(row, block)]
        if self.understood.slots:
            self._read_days(whole, block)
        elif self.understood.named_by:
            self._read_named(whole, block)
        else:
            self._read_columns(whole, block)
        all_firsts, all_seconds = self._times.repeated
        return block.finish(len(rows), (all_firsts - firsts, all_seconds - seconds))

    # Rows ---------------------------------------------------------------------------------

    def _is_whole(self, row: FileRow, block: "_Gathered") -> bool:
        """Whether it is a row of readings; refused or left out where it is not."""
        if row.cells is None:
            block.refuse(row.line, "", "", "The line cannot be read as text in cells.")
            return False
        if self._is_remark(row.cells):
            block.left_out += 1
            return False
        width = self.understood.width
        if len(row.cells) < width or any(row.cells[width:]):
            reason = f"The line has {len(row.cells)} columns, not {width}."
            block.refuse(row.line, "", " ".join(row.cells), reason)
            return False
        return True

    def _is_remark(self, cells: Sequence[str]) -> bool:
        """Whether it is a total, a heading that is repeated, or a remark."""
        understood = self.understood
        place = min(understood.time_column, len(cells) - 1)
        if cells[place][:1].isdigit():
            return False
        filled = sum(map(bool, cells))
        return (
            cells[0].startswith("#")
            or bool(_TOTAL.match(cells[0]) or _TOTAL.match(cells[place]))
            or tuple(cells[: len(understood.names)]) == understood.names
            or filled <= min(2, understood.width // 2)
        )

    # Times --------------------------------------------------------------------------------

    def _written(self, cells: Sequence[str]) -> Written | None:
        """The time of a row, in as many columns as it stands."""
        text = start_of(cells[self.understood.time_column])
        if self._day is not None:
            return self._on_the_day(text)
        written = self._dates.read(text)
        if self.understood.clock_column is None or written is None:
            return written
        clock = read_clock(start_of(cells[self.understood.clock_column]))
        return None if clock is None else written._replace(wall=written.wall + clock)

    def _on_the_day(self, text: str) -> Written | None:
        """A time of the file's one day; a clock that goes back to midnight is at its end."""
        clock = read_clock(text)
        if clock is None or self._day is None:
            return None
        if clock < self._clock and not clock:
            clock += timedelta(days=1)
        self._clock = clock
        return Written(self._day + clock)

    def _instant(self, row: FileRow, series: str, block: "_Gathered") -> int | None:
        """Microseconds since the epoch of a row's start; None where the row is refused."""
        cells = row.cells or []
        written = self._written(cells)
        try:
            if written is None:
                raise ValueError(f"Not a time of the format {self._format}.")
            instant = self._times.instant(written, series)
        except ValueError as error:
            block.refuse(row.line, self.time_name, self._time_text(cells), str(error))
            return None
        if self.understood.time_is == END:
            instant -= self.understood.interval * _SECOND
        return instant

    @property
    def _format(self) -> str:
        clock = "" if self.understood.clock_column is None else " with a time of day beside it"
        return f"{self.understood.date_format}{clock}"

    @property
    def time_name(self) -> str:
        """The name of the column of times; "" where it has none."""
        names, place = self.understood.names, self.understood.time_column
        return names[place] if place < len(names) else ""

    def _time_text(self, cells: Sequence[str]) -> str:
        clock = self.understood.clock_column
        return cells[self.understood.time_column] + (
            f" {cells[clock]}" if clock is not None else ""
        )

    # Values -------------------------------------------------------------------------------

    def _read_columns(self, rows: Sequence[FileRow], block: "_Gathered") -> None:
        timed = [(row, self._instant(row, "", block)) for row in rows]
        good = [(row, instant) for row, instant in timed if instant is not None]
        instants = np.array([instant for _, instant in good], np.int64)
        lines = np.array([row.line for row, _ in good], np.int64)
        for column in self.understood.columns:
            if column.is_text or not self._wants(column.name):
                continue
            cells = [(row.cells or [])[column.place] for row, _ in good]
            self._add(block, column.name, cells, instants, lines)

    def _read_named(self, rows: Sequence[FileRow], block: "_Gathered") -> None:
        by_series: dict[str, list[tuple[int, int, str]]] = {}
        for row in rows:
            cells = row.cells or []
            wanted = [
                (place, name)
                for place in self.understood.values
                if cells[place] and self._wants(name := self._series_name(cells, place))
            ]
            instant = self._instant(row, wanted[0][1], block) if wanted else None
            if instant is not None:
                for place, name in wanted:
                    by_series.setdefault(name, []).append((instant, row.line, cells[place]))
        for name, found in by_series.items():
            instants, lines, texts = zip(*found, strict=True)
            self._add(block, name, texts, np.array(instants), np.array(lines))

    def _read_days(self, rows: Sequence[FileRow], block: "_Gathered") -> None:
        for row in rows:
            cells = row.cells or []
            name = self._series_name(cells, self.understood.slots[0])
            if not self._wants(name):
                continue
            written = self._written(cells)
            if written is None:
                reason = f"Not a date of the format {self._format}."
                block.refuse(row.line, self.time_name, self._time_text(cells), reason)
            else:
                self._read_day(row.line, name, written.wall, cells, block)

    def _read_day(
        self, line: int, name: str, day: datetime, cells: Sequence[str], block: "_Gathered"
    ) -> None:
        texts = [cells[place] for place in self.understood.slots]
        found = slot_instants(day, texts, self.understood.interval, self._times.zone)
        kept = [
            (text, instant)
            for text, instant in zip(texts, found, strict=True)
            if instant is not None
        ]
        for text, instant in zip(texts, found, strict=True):
            if instant is None and not is_missing(text) and text.strip("0.,"):
                block.refuse(line, name, text, SKIPPED)
        instants = np.array([instant for _, instant in kept], np.int64)
        self._add(block, name, [text for text, _ in kept], instants, np.full(len(kept), line))

    def _series_name(self, cells: Sequence[str], place: int) -> str:
        """The series that the value at `place` of a row is of."""
        named = " ".join(cells[each] for each in self.understood.named_by if cells[each])
        if self.understood.slots or len(self.understood.values) < 2:
            return named or UNNAMED
        return f"{named} {self.understood.names[place]}".strip()

    def _wants(self, name: str) -> bool:
        return self.only is None or name in self.only

    def _add(
        self, block: "_Gathered", name: str, cells: Sequence[str],
        instants: np.ndarray, lines: np.ndarray,
    ) -> None:  # fmt: skip
        numbers, faults = self._numbers.read_all(cells)
        for place, reason in faults.items():
            block.refuse(int(lines[place]), name, cells[place], reason)
        there = ~np.isnan(numbers)
        block.add(name, instants[there], numbers[there], lines[there])


class _Gathered:
    """What has been read of a block so far."""

    def __init__(self) -> None:
        self.refused: list[Refused] = []
        self.left_out = 0
        self._parts: list[tuple[str, np.ndarray, np.ndarray, np.ndarray]] = []

    def refuse(self, line: int, column: str, found: str, reason: str) -> None:
        """Note something that cannot be stored."""
        self.refused.append(Refused(line, column, found[:_SHOWN], reason))

    def add(self, name: str, instants: np.ndarray, values: np.ndarray, lines: np.ndarray) -> None:
        """Take readings of a series."""
        if len(values):
            self._parts.append((name, instants, values, lines))

    def finish(self, rows: int, repeated: tuple[int, int]) -> FileBlock:
        """All of it as a block."""
        names = list(dict.fromkeys(name for name, *_ in self._parts))
        sizes = [values.size for _, _, values, _ in self._parts]
        indexes = [names.index(name) for name, *_ in self._parts]
        arrays = [list(each) for each in zip(*(part[1:] for part in self._parts), strict=True)]
        instants, values, lines = arrays or ([], [], [])
        return FileBlock(
            names,
            np.repeat(np.array(indexes, np.int64), sizes),
            np.concatenate([np.empty(0, np.int64), *instants]),
            np.concatenate([np.empty(0), *values]),
            np.concatenate([np.empty(0, np.int64), *lines]),
            sorted(self.refused),
            rows,
            self.left_out,
            repeated,
        )

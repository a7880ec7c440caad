"""Local times become instants; the hour that clocks show twice is told apart by order. Pure."""

from collections.abc import Hashable
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo

from ingest.layouts.dates import Written

_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001  (on the clocks of the zone)
_MICROSECOND = timedelta(microseconds=1)
_SECOND = 1_000_000  # µs
_STEP = 900  # s; no clock has been changed within a quarter of an hour
_REST = timedelta(hours=3)

SKIPPED = (
    "This time does not exist: the clocks were put forward. "
    "Is the file in the same offset all year, such as Etc/GMT-1 (UTC+1)?"
)


@dataclass(slots=True)
class _Repeat:
    """Where in a repeated hour a series is: the last time, and in which of the two hours."""

    wall: datetime
    fold: int


@dataclass(slots=True)
class LocalTimes:
    """Turns times into microseconds since the epoch, row by row, in the order of the file.

    Of an hour that the clocks show twice, rows belong to the first until time goes back, then to
    the second; in a file that begins with its newest row it is the other way round. `repeated`
    counts the rows of each.
    """

    zone: tzinfo
    descending: bool = False
    repeated: tuple[int, int] = (0, 0)
    _offsets: dict[int, tuple[int, int]] = field(default_factory=dict)
    _repeats: dict[Hashable, _Repeat] = field(default_factory=dict)

    def instant(self, written: Written, series: Hashable = "") -> int:
        """Microseconds since the epoch. Raises ValueError for a time that cannot be, saying why."""
        wall = (written.wall - _EPOCH) // _MICROSECOND
        if written.offset is not None:
            return wall - written.offset * _SECOND
        before, after = self._around(wall // _SECOND)
        if written.zone:
            named = self._named(written)
            return wall - (after if named else before) * _SECOND
        if before == after:
            return wall - before * _SECOND
        if before < after:
            raise ValueError(SKIPPED)
        fold = self._fold(written.wall, series)
        return wall - (after if fold else before) * _SECOND

    def _around(self, second: int) -> tuple[int, int]:
        """The offsets of the zone before and after a change of clocks, for a time on its clocks."""
        step = second // _STEP
        if step not in self._offsets:
            if len(self._offsets) > 100_000:
                self._offsets.clear()
            wall = _EPOCH + timedelta(seconds=step * _STEP)
            both = [wall.replace(tzinfo=self.zone, fold=fold).utcoffset() for fold in (0, 1)]
            before, after = (round((each or timedelta()).total_seconds()) for each in both)
            self._offsets[step] = (before, after)
        return self._offsets[step]

    def _fold(self, wall: datetime, series: Hashable) -> int:
        first = 1 if self.descending else 0
        last = self._repeats.get(series)
        if last is None or abs(wall - last.wall) > _REST:
            fold = first
        elif (wall >= last.wall) if self.descending else (wall <= last.wall):
            fold = 1 - first
        else:
            fold = last.fold
        self._repeats[series] = _Repeat(wall, fold)
        firsts, seconds = self.repeated
        self.repeated = (firsts + 1 - fold, seconds + fold)
        return fold

    def _named(self, written: Written) -> int:
        """Which of the two hours has the name, such as EDT, that stands beside the time."""
        both = [written.wall.replace(tzinfo=self.zone, fold=fold).tzname() for fold in (0, 1)]
        if written.zone not in both:
            raise ValueError(
                f"The time says {written.zone}, which {self.zone} does not have then. "
                "Is the time zone the right one?"
            )
        return both.index(written.zone)

"""What the series of a file are seen to hold, while it is read from beginning to end. Pure."""

from collections import Counter
from dataclasses import dataclass, field

import numpy as np

from history.arrays import Floats, Ints
from ingest.layouts.columns import MAX_SERIES
from ingest.layouts.understood import FileBlock, NotUnderstood

_TEXTS = 3  # that are kept of a series
_STEPS = 1_000  # distinct distances between rows that are counted
_COUNTING = 8  # numbers that have to count on before they are taken for a counter's
_SELDOM = 0.05  # of the steps of a counter: it falls where it was reset or corrected
_LITTLE = 0.1  # by which a correction falls, and to which a reset does


@dataclass(slots=True)
class SeriesNumbers:
    """What one series has been seen to hold."""

    count: int = 0
    low: float = np.inf
    high: float = -np.inf
    steps: int = 0
    falls: int = 0
    drops: int = 0  # falls that are neither a correction nor a reset
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
        self._count_falls(ordered, distances)
        self.last, self.before = float(values[-1]), int(timestamps[-1])
        if len(steps) < _STEPS:
            found, counts = np.unique(np.abs(distances), return_counts=True)
            steps.update(dict(zip(found.tolist(), counts.tolist(), strict=True)))

    def _count_falls(self, values: Floats, distances: Ints) -> None:
        """Count what goes down from a time to the next, in whichever order the rows stand."""
        is_forward = distances > 0
        earlier = np.where(is_forward, values[:-1], values[1:])
        later = np.where(is_forward, values[1:], values[:-1])
        falls = (later < earlier) & (distances != 0)
        drops = falls & (later < (1 - _LITTLE) * earlier) & (later > _LITTLE * earlier)
        self.steps += int(np.count_nonzero(earlier != later))
        self.falls += int(np.count_nonzero(falls))
        self.drops += int(np.count_nonzero(drops))

    @property
    def rises(self) -> bool:
        """Whether the numbers go up, and never down."""
        return self.steps > 0 and not self.falls

    @property
    def counts_on(self) -> bool:
        """Whether so many numbers go up, but for corrections and resets, as only a counter's do."""
        is_seldom = self.falls <= _SELDOM * self.steps
        return self.count >= _COUNTING and self.steps > 0 and is_seldom and not self.drops


@dataclass(slots=True)
class FileContents:
    """What a whole file has been seen to hold. `times` is the name of its column of times."""

    times: str
    series: dict[str, SeriesNumbers] = field(default_factory=dict)
    steps: Counter[int] = field(default_factory=Counter)
    rows: int = 0
    left_out: int = 0
    repeated: tuple[int, int] = (0, 0)
    refused: int = 0
    first: int | None = None
    last: int | None = None

    def add(self, block: FileBlock) -> None:
        """Take a block into account. Raises NotUnderstood for too many series."""
        self.rows += block.rows - block.left_out
        self.left_out += block.left_out
        self.repeated = (
            self.repeated[0] + block.repeated[0], self.repeated[1] + block.repeated[1],
        )  # fmt: skip
        self.refused += len(block.refused)
        for refused in block.refused:
            if refused.column not in ("", self.times) and len(self.series) <= MAX_SERIES:
                found = self.series.setdefault(refused.column, SeriesNumbers())
                found.unread += 1
                if refused.found not in found.texts and len(found.texts) < _TEXTS:
                    found.texts.append(refused.found)
        for index, name in enumerate(block.names):
            chosen = block.name_of == index
            found = self.series.setdefault(name, SeriesNumbers())
            found.add(block.timestamps[chosen], block.values[chosen], self.steps)
        if len(self.series) > MAX_SERIES:
            raise NotUnderstood(f"The rows name over {MAX_SERIES:,} series.", "Split the file.")
        if block.timestamps.size:
            low, high = int(block.timestamps.min()), int(block.timestamps.max())
            self.first = low if self.first is None else min(low, self.first)
            self.last = high if self.last is None else max(high, self.last)

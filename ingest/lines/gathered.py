"""Readings gathered from lines, as columns. Pure."""

from collections.abc import Sequence
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from energy.errors import TooLarge
from history.arrays import Floats, Ints

Mask = NDArray[np.bool_]


class Gathered(NamedTuple):
    """Columns of readings: number of the line, its timestamp, if it is dated, series, value."""

    numbers: Ints
    times: Ints
    dated: Mask
    series: Ints
    values: Floats

    @classmethod
    def of(cls, rows: Sequence[tuple[int, int | None, int, float]]) -> Self:
        """Readings from rows of line, timestamp or None, series and value."""
        numbers, times, series, values = zip(*rows, strict=True) if rows else ((),) * 4
        return cls(
            np.array(numbers, np.int64),
            np.array([time or 0 for time in times], np.int64),
            np.array([time is not None for time in times], bool),
            np.array(series, np.int64),
            np.array(values, np.float64),
        )

    def chosen(self, mask: Mask) -> Self:
        """Some of the readings."""
        return type(self)._make(column[mask] for column in self)

    def merged(self, other: Self) -> Self:
        """These and others, in the order of their lines."""
        both = [np.concatenate(columns) for columns in zip(self, other, strict=True)]
        order = np.argsort(both[0], kind="stable")
        return type(self)._make(column[order] for column in both)


def refuse_past(most: int, count: int) -> None:
    """Raise TooLarge where `count` readings are more than a request takes."""
    if count > most:
        raise TooLarge(
            f"A request takes at most {most:,} readings: send them in several.",
            code="too_many_readings",
        )

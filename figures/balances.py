"""Amounts of power or energy that are only partly known, and what follows from them. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from history.arrays import Floats


@dataclass(frozen=True, slots=True)
class Amount:
    """What is known of a power or an energy.

    `values` float64[buckets], the unknown counted as 0; `coverage`: the share of it that is known,
    0 to 1; `timestamp`: its oldest part was measured then, in microseconds since the Unix epoch;
    `inputs`: the ids of the Metrics that it comes from.
    """

    values: Floats
    coverage: float
    timestamp: int | None
    inputs: frozenset[int] = frozenset()

    @property
    def total(self) -> float:
        """The sum over all buckets."""
        return float(self.values.sum())


def pooled(parts: Sequence[Amount]) -> Amount | None:
    """The sum of like parts, which stand in for one another: known as far as they are on average.

    None without parts.
    """
    if not parts:
        return None
    values = np.sum([part.values for part in parts], axis=0)
    coverage = float(np.mean([part.coverage for part in parts]))
    return Amount(values, coverage, _oldest(parts), _inputs(parts))


def balanced(plus: Iterable[Amount | None], minus: Iterable[Amount | None] = ()) -> Amount | None:
    """What follows from unlike terms: known only as far as the least known one.

    Terms that do not exist (None) count as nothing; None when none exists.
    """
    added, taken = _present(plus), _present(minus)
    terms = [*added, *taken]
    if not terms:
        return None
    values = sum(term.values for term in added) - sum(term.values for term in taken)
    coverage = min(term.coverage for term in terms)
    return Amount(np.asarray(values), coverage, _oldest(terms), _inputs(terms))


def _present(terms: Iterable[Amount | None]) -> list[Amount]:
    return [term for term in terms if term is not None]


def _oldest(parts: Iterable[Amount]) -> int | None:
    return min((part.timestamp for part in parts if part.timestamp is not None), default=None)


def _inputs(parts: Iterable[Amount]) -> frozenset[int]:
    return frozenset().union(*(part.inputs for part in parts))

"""Amounts of power or energy that are only partly known, and their sums. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from history.arrays import Floats


@dataclass(frozen=True, slots=True)
class Amount:
    """A power or an energy, as far as it is known.

    `values` float64[buckets], 0 where unknown; `coverage`, 0 to 1, is the share that is known;
    `timestamp`, in microseconds since the Unix epoch, is when its oldest part was measured;
    `inputs` are the ids of the Metrics that it is computed from.
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
    """The sum of like amounts, such as those of several inverters, with their mean coverage.

    None where there are none.
    """
    if not parts:
        return None
    values = np.sum([part.values for part in parts], axis=0)
    coverage = float(np.mean([part.coverage for part in parts]))
    return Amount(values, coverage, _oldest(parts), _inputs(parts))


def balanced(plus: Iterable[Amount | None], minus: Iterable[Amount | None] = ()) -> Amount | None:
    """`plus` less `minus`, with the coverage of the least known of these unlike terms.

    Terms that do not exist (None) count as 0; None where none exists.
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

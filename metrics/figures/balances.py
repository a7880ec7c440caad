"""Amounts of power or energy that are only partly known, and what follows from them. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from metrics.history.arrays import Floats


@dataclass(frozen=True, slots=True)
class Amount:
    """What is known of a power or an energy.

    `values` float64[buckets], the unknown counted as 0; `coverage`: the share of it that is known,
    0 to 1; `timestamp`: its oldest part was measured then, in microseconds since the Unix epoch.
    """

    values: Floats
    coverage: float
    timestamp: int | None

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
    return Amount(values, coverage, _oldest(parts))


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
    return Amount(np.asarray(values), coverage, _oldest(terms))


@dataclass(frozen=True, slots=True)
class Energies:
    """What a Site exchanged in each bucket, float64[buckets] each, none negative, in one unit."""

    production: Floats
    consumption: Floats
    imported: Floats
    exported: Floats
    charged: Floats
    discharged: Floats

    def stored_from_grid(self) -> Floats:
        """What was imported to charge the battery.

        As OpenEMS splits flows: production serves consumption first, then charges; the grid
        charges with what is still missing.
        """
        surplus = np.maximum(self.production - self.consumption, 0)
        return np.minimum(np.maximum(self.charged - surplus, 0), self.imported)

    def exported_from_storage(self) -> Floats:
        """What the battery discharged beyond the consumption that production left to it."""
        missing = np.maximum(self.consumption - self.production, 0)
        return np.minimum(np.maximum(self.discharged - missing, 0), self.exported)

    def autarky(self) -> float | None:
        """The share of the consumption that was not imported: 1 − import / consumption.

        Imports that charged the battery do not count. None where nothing was consumed.
        """
        return _share_without(self.imported - self.stored_from_grid(), self.consumption)

    def self_consumption(self) -> float | None:
        """The share of the production that was not exported: 1 − export / production.

        Exports from the battery do not count. None where nothing was produced.
        """
        return _share_without(self.exported - self.exported_from_storage(), self.production)


def _share_without(part: Floats, whole: Floats) -> float | None:
    if whole.sum() <= 0:
        return None
    # Meters that are read at different moments can show a little more of the part than the whole.
    return float(np.clip(1 - part.sum() / whole.sum(), 0, 1))


def _present(terms: Iterable[Amount | None]) -> list[Amount]:
    return [term for term in terms if term is not None]


def _oldest(parts: Iterable[Amount]) -> int | None:
    return min((part.timestamp for part in parts if part.timestamp is not None), default=None)

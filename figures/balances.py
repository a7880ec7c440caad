"""Amounts of power or energy that are only partly known, and their sums. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from figures.missing import Missing, Reason
from history.arrays import Floats

MIN_COVERAGE = 0.8
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Amount:
    """A power or an energy by bucket, as far as it is known.

    `values`, NaN where unknown; `expected`, for how long Devices were to measure it, all together,
    and `known`, for how long they did; `lengths` of the buckets. All float64[buckets], times in
    microseconds. `timestamp`, in microseconds since the Unix epoch, is when its oldest part was
    measured; `inputs` are the ids of the Metrics that it is computed from, `sources` the Devices,
    and `spacing` is how far apart the readings of the slowest of them are, in microseconds.
    """

    values: Floats
    expected: Floats
    known: Floats
    lengths: Floats
    timestamp: int | None
    inputs: frozenset[int] = frozenset()
    sources: frozenset[Any] = frozenset()
    missing: tuple[Missing, ...] = ()
    spacing: int = 0

    @property
    def total(self) -> float | None:
        """The sum of what is known; None where nothing is."""
        is_known = ~np.isnan(self.values) & self.in_service
        return float(self.values[is_known].sum()) if is_known.any() else None

    @property
    def coverage(self) -> float:
        """The share that is known, 0 to 1."""
        expected = self.expected.sum()
        return float(self.known.sum() / expected) if expected else 0.0

    @property
    def in_service(self) -> Flags:
        """In which buckets any Device was to measure it."""
        return self.expected > 0

    @property
    def shares(self) -> Floats:
        """The share of each bucket that is known; 1 where nothing was to be."""
        in_service = self.in_service
        return np.where(in_service, self.known / np.where(in_service, self.expected, 1), 1.0)

    def as_one(self) -> Self:
        """The same, weighing each bucket by its length, however many Devices were in service."""
        expected = np.where(self.in_service, self.lengths, 0)
        return replace(self, expected=expected, known=self.shares * expected)

    def only_where(self, chosen: Flags, other: "Amount | None" = None) -> "Amount":
        """What is known of the buckets that are `chosen`, and of all else what `other` knows."""
        if other is None:
            values, expected = np.full_like(self.values, np.nan), self.expected
            known, parts = np.zeros_like(self.known), [self]
        else:
            values, expected, known = other.values, other.expected, other.known
            parts = [self, other]
        return replace(
            self,
            values=np.where(chosen, self.values, values),
            expected=np.where(chosen, self.expected, expected),
            known=np.where(chosen, self.known, known),
            **_told(parts),
        )

    def contradicted(self) -> Self:
        """The same with the fault of the Devices that say they measure it well."""
        named = {each.device for each in self.missing}
        others = sorted(self.sources - named, key=lambda device: device.pk)
        added = (Missing(device, Reason.CONTRADICTION) for device in others)
        return replace(self, missing=(*self.missing, *added))

    @property
    def is_contradicted(self) -> bool:
        """Whether its Devices contradict one another."""
        return any(each.reason == Reason.CONTRADICTION for each in self.missing)


def pooled(parts: Sequence[Amount]) -> Amount | None:
    """The sum of like amounts, such as those of several inverters, which stand in for one another.

    None where there are none; 0 in buckets in which none was in service.
    """
    if not parts:
        return None
    values = np.array([part.values for part in parts])
    expected = np.sum([part.expected for part in parts], axis=0)
    is_known = ~np.isnan(values).all(axis=0) | (expected == 0)
    return Amount(
        np.where(is_known, np.nansum(values, axis=0), np.nan),
        expected,
        np.sum([part.known for part in parts], axis=0),
        parts[0].lengths,
        **_told(parts),
    )


def balanced(plus: Iterable[Amount | None], minus: Iterable[Amount | None] = ()) -> Amount | None:
    """`plus` less `minus`: each bucket is as well known as the least known of these unlike terms.

    Terms that do not exist (None) count as 0; None where none exists.
    """
    added, taken = _present(plus), _present(minus)
    terms = [term.as_one() for term in (*added, *taken)]
    if not terms:
        return None
    expected = np.max([term.expected for term in terms], axis=0)
    return Amount(
        np.asarray(sum(term.values for term in added) - sum(term.values for term in taken)),
        expected,
        np.min([term.shares for term in terms], axis=0) * expected,
        terms[0].lengths,
        **_told(terms),
    )


def _present(terms: Iterable[Amount | None]) -> list[Amount]:
    return [term for term in terms if term is not None]


def _told(parts: Sequence[Amount]) -> dict[str, Any]:
    """What is told of amounts together."""
    current = [part for part in parts if part.expected[-1] > 0] or parts
    missing = {each.device: each for part in reversed(parts) for each in reversed(part.missing)}
    return {
        "timestamp": min((part.timestamp for part in current if part.timestamp), default=None),
        "inputs": frozenset().union(*(part.inputs for part in parts)),
        "sources": frozenset().union(*(part.sources for part in parts)),
        "missing": tuple(sorted(missing.values(), key=lambda each: each.device.pk)),
        "spacing": max(part.spacing for part in parts),
    }

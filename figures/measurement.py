"""What one Device measured of one exchange of its Site in the quarter hours of a period."""

from dataclasses import dataclass, field

import numpy as np

from energy.instants import MICROS_PER_SECOND
from figures.balances import MIN_COVERAGE, Amount, Flags
from figures.inputs import Meter
from figures.missing import Missing, Reason
from figures.service import Service
from history.arrays import Floats, Ints
from history.buckets import Buckets
from metrics.models import Metric


@dataclass(eq=False)
class Measurement:
    """The energy that a Meter measured, as it is read source by source.

    In each quarter hour the first source counts that is known for MIN_COVERAGE of it, else the one
    that is known best, and where none was read, what a counter rose over its gap. So a period never
    changes what it contains. `values` in Wh, NaN where unknown, and `known` in microseconds, by
    quarter hour; of those that are `hidden` nothing counts.
    """

    site: int
    exchange: str
    meter: Meter
    quarters: Buckets
    service: Service = field(init=False)
    values: Floats = field(init=False)
    known: Floats = field(init=False)
    hidden: Flags = field(init=False)
    has_reported: bool = True
    used: list[Metric] = field(default_factory=list)
    newest: int | None = None

    def __post_init__(self) -> None:
        self.service = Service.of(self.meter.device)
        self.values = np.full(len(self.quarters), np.nan)
        self.known = np.zeros(len(self.quarters))
        self.hidden = np.zeros(len(self.quarters), bool)

    @property
    def expected(self) -> Floats:
        """How long it was to measure in each quarter hour."""
        return np.where(self.hidden, 0, self.service.inside(self.quarters.edges))

    @property
    def is_unclear(self) -> bool:
        """Whether its readings do not tell when it came into service, or if it ever did."""
        begins_unknown = self.meter.device.in_service_from is None and not self.known[0]
        return begins_unknown or not self.known.any()

    @property
    def counts(self) -> bool:
        """Whether it was in service in the period, or is to come into service."""
        is_new = not self.has_reported and self.meter.device.retired_at is None
        return is_new or bool(self.expected.any())

    def lacks(self, rank: int) -> bool:
        """Whether the source of that rank may tell what those before it do not."""
        if rank >= len(self.meter.sources):
            return False
        return rank == 0 or bool((self.known < MIN_COVERAGE * self.expected).any())

    def begin(self, first: int | None) -> None:
        """Take its first reading, if it has any, for when it came into service, unless given."""
        self.has_reported = first is not None
        if self.meter.device.in_service_from is None:
            start = self.service.end if first is None else min(first, self.service.end)
            self.service = Service(start, self.service.end)

    def add(
        self, metric: Metric, edges: Ints, values: Floats, covered: Floats, newest: int | None
    ) -> None:
        """Count what a source tells between `edges`, none of which a service crosses."""
        inside = (self.service.start <= edges[:-1]) & (edges[1:] <= self.service.end)
        offsets = np.searchsorted(edges, self.quarters.edges[:-1])
        is_known = np.logical_or.reduceat(inside & ~np.isnan(values), offsets)
        energies = np.add.reduceat(np.where(inside, np.nan_to_num(values), 0), offsets)
        known = np.add.reduceat(np.where(inside, covered, 0), offsets)
        better = (known > self.known) | np.isnan(self.values) & is_known
        better &= self.known < MIN_COVERAGE * self.expected
        self.values = np.where(better, np.where(is_known, energies, np.nan), self.values)
        self.known = np.where(better, known, self.known)
        self.used.append(metric)
        if newest is not None:
            self.newest = max(newest, self.newest or newest)

    def amount(self) -> Amount:
        """What it adds to the figures."""
        return Amount(
            self.values,
            self.expected,
            # A reading stands for a while behind the last moment of its Device.
            np.minimum(self.known, self.expected),
            np.diff(self.quarters.edges).astype(float),
            self.newest,
            inputs=frozenset(metric.pk for metric in self.used),
            sources=frozenset({self.meter.device}),
            missing=self._missing(),
            spacing=max(metric.expected_interval for metric in self.used) * MICROS_PER_SECOND,
        )

    def _missing(self) -> tuple[Missing, ...]:
        known, expected = self.known.sum(), self.expected.sum()
        if known and known >= MIN_COVERAGE * expected:
            return ()
        if known:
            reason = Reason.GAPS
        else:
            reason = Reason.NO_READINGS if self.has_reported else Reason.NEVER_REPORTED
        return (Missing(self.meter.device, reason),)

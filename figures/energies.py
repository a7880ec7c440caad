"""The energy that each flow of some Sites came to, by the quarter hour, from the history store."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from figures.balances import Amount, pooled
from figures.equipment import FLOWS, SCALES, Equipment
from history import get_store
from history.arrays import Samples
from history.buckets import HOUR, Buckets
from metrics.models import Metric
from metrics.vocabulary import MetricType
from timeseries.summaries import Summary

Measured = dict[str, Amount | None]


class _Use(NamedTuple):
    """What a Metric is read for: a flow of a Site, by its id, in these quarter hours."""

    site: int
    flow: str
    metric: Metric
    quarters: Buckets


def measured(
    equipment: Mapping[int, Equipment], quarters: Mapping[int, Buckets | None]
) -> dict[int, Measured]:
    """For each Site, by its id, what each flow of FLOWS came to in Wh; None where it has none.

    Holds the readings of one block of Metrics at a time.
    """
    uses = _uses(equipment, quarters)
    parts: dict[tuple[int, str], list[Amount]] = {}
    windows = [buckets.edges[[0, -1]].tolist() for buckets in quarters.values() if buckets]
    if uses:
        start, end = min(start for start, _ in windows), max(end for _, end in windows)
        found = get_store().read_blocks(sorted(uses), start, end, with_neighbours=True)
        for pk, samples in found:
            for use in uses[pk]:
                amount = _energy(use.metric, FLOWS[use.flow].sign, use.quarters, samples)
                parts.setdefault((use.site, use.flow), []).append(amount)
    return {
        site: {name: pooled(parts.get((site, name), [])) for name in FLOWS} for site in quarters
    }


def _uses(
    equipment: Mapping[int, Equipment], quarters: Mapping[int, Buckets | None]
) -> dict[int, list[_Use]]:
    """What each Metric, by its id, measures; nothing for Sites without quarter hours."""
    uses: dict[int, list[_Use]] = {}
    for site, of_site in equipment.items():
        if (asked := quarters[site]) is not None:
            for name in FLOWS:
                for metric in of_site.energies(name):
                    uses.setdefault(metric.pk, []).append(_Use(site, name, metric, asked))
    return uses


def _energy(metric: Metric, sign: int, quarters: Buckets, samples: Samples) -> Amount:
    """What a counter rose, or a power over the time it is known.

    Of a power, only what flows the way of `sign` counts.
    """
    end = int(quarters.edges[-1])
    if metric.type == MetricType.COUNTER:
        summary = Summary(metric, "increase", quarters, end)
        values, covered = summary.values(samples), summary.coverage(samples)
    else:
        summary = Summary(metric, "mean", quarters, end)
        directed = Samples(samples.timestamps, np.maximum(sign * samples.values, 0))
        covered = summary.coverage(samples)
        values = summary.values(directed) * covered * np.diff(quarters.edges) / HOUR
    known = 0.0 if np.isnan(values).all() else np.average(covered, weights=np.diff(quarters.edges))
    before = int(np.searchsorted(samples.timestamps, end, side="right"))
    return Amount(
        np.nan_to_num(values) * SCALES[metric.unit],
        float(known),
        int(samples.timestamps[before - 1]) if before else None,
        frozenset({metric.pk}),
    )

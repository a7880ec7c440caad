"""The energy of each exchange of some Sites, by the quarter hour, from the history store."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from figures.balances import Amount, pooled
from figures.inputs import EXCHANGES, SCALES, SiteInputs
from history import get_store
from history.arrays import Samples
from history.buckets import HOUR, Buckets
from history.series import BucketedSeries, SampleSeries
from history.store import SeriesQuery
from metrics.models import Metric
from metrics.vocabulary import MetricType
from timeseries.summaries import Summary

Measured = dict[str, Amount | None]


class _Use(NamedTuple):
    """What a Metric is read for: an exchange of a Site, by its id, in these quarter hours."""

    site: int
    exchange: str
    metric: Metric
    quarters: Buckets


def measured(
    inputs: Mapping[int, SiteInputs], quarters: Mapping[int, Buckets | None]
) -> dict[int, Measured]:
    """For each Site, by its id, the energy of each of EXCHANGES in Wh; None where it has none.

    One block of Metrics of each window is in memory at a time.
    """
    parts: dict[tuple[int, str], list[Amount]] = {}
    for uses in _by_window(inputs, quarters).values():
        for use, amount in _amounts(uses):
            parts.setdefault((use.site, use.exchange), []).append(amount)
    return {
        site: {name: pooled(parts.get((site, name), [])) for name in EXCHANGES} for site in quarters
    }


def _by_window(
    inputs: Mapping[int, SiteInputs], quarters: Mapping[int, Buckets | None]
) -> dict[bytes, dict[int, list[_Use]]]:
    """What each Metric measures, by its id, of Sites with the same quarter hours together."""
    windows: dict[bytes, dict[int, list[_Use]]] = {}
    for site, of_site in inputs.items():
        if (buckets := quarters[site]) is not None:
            uses = windows.setdefault(buckets.edges.tobytes(), {})
            for name in EXCHANGES:
                for metric in of_site.energies(name):
                    uses.setdefault(metric.pk, []).append(_Use(site, name, metric, buckets))
    return {window: uses for window, uses in windows.items() if uses}


def _amounts(uses: Mapping[int, Sequence[_Use]]) -> Iterator[tuple[_Use, Amount]]:
    """What each use, all in the same quarter hours, came to."""
    queries = [_query(same[0]) for same in uses.values()]
    edges = next(iter(uses.values()))[0].quarters.edges
    for pk, series in get_store().read_series(queries, edges, known_until=int(edges[-1])):
        for use in uses[pk]:
            yield use, _energy(use, series)


def _query(use: _Use) -> SeriesQuery:
    aggregate = "increase" if use.metric.type == MetricType.COUNTER else "mean"
    summary = Summary(use.metric, aggregate, use.quarters, int(use.quarters.edges[-1]))
    query = summary.query(envelope=False)
    # Only the readings of a power tell which way it flowed.
    return query if query.needs == "increase" else replace(query, needs="readings")


def _energy(use: _Use, series: BucketedSeries) -> Amount:
    """What a counter rose, or a power over the time it is known.

    Of a power, only what flows the way of its exchange's sign counts.
    """
    covered, lengths = series.coverage(), np.diff(use.quarters.edges)
    if isinstance(series, SampleSeries) and use.metric.type != MetricType.COUNTER:
        values = _directed(series, EXCHANGES[use.exchange].sign).mean() * covered * lengths / HOUR
    else:
        values = series.increase()
    known = 0.0 if np.isnan(values).all() else np.average(covered, weights=lengths)
    return Amount(
        np.nan_to_num(values) * SCALES[use.metric.unit],
        float(known),
        series.newest,
        frozenset({use.metric.pk}),
    )


def _directed(series: SampleSeries, sign: int) -> SampleSeries:
    """The power that flows one way."""
    samples = series.samples
    return replace(
        series, samples=Samples(samples.timestamps, np.maximum(sign * samples.values, 0))
    )

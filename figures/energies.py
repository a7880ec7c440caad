"""The energy of each exchange of some Sites, by the quarter hour, from the history store."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from typing import NamedTuple

import numpy as np

from devices.kinds import DeviceKind
from figures.balances import Amount, pooled
from figures.inputs import EXCHANGES, SiteInputs, scale_of
from figures.measurement import Measurement
from figures.service import Service, first_readings, refined
from history import get_store
from history.arrays import Floats, Ints, Samples
from history.buckets import HOUR, Buckets
from history.series import BucketedSeries, SampleSeries
from history.store import SeriesQuery
from metrics.models import Metric
from metrics.vocabulary import MetricType
from timeseries.summaries import DEFAULT_AGGREGATES, Summary

_SPAN = 4 * 24 * 33  # quarter hours

Measured = dict[str, Amount | None]


class _Told(NamedTuple):
    """What a source tells of a span: by bucket the Wh and for how long that is known."""

    values: Floats
    covered: Floats
    newest: int | None


def measured(
    inputs: Mapping[int, SiteInputs], quarters: Mapping[int, Buckets | None]
) -> dict[int, Measured]:
    """For each Site, by its id, the energy of each of EXCHANGES in Wh; None where it has none.

    One block of Metrics of each window is in memory at a time.
    """
    amounts: dict[tuple[int, str], list[Amount]] = {}
    for parts in _by_window(inputs, quarters):
        for part in _measured(parts):
            amounts.setdefault((part.site, part.exchange), []).append(part.amount())
    return {
        site: {name: pooled(amounts.get((site, name), [])) for name in EXCHANGES}
        for site in quarters
    }


def _by_window(
    inputs: Mapping[int, SiteInputs], quarters: Mapping[int, Buckets | None]
) -> Iterable[list[Measurement]]:
    """Those of Devices in service, of Sites with the same quarter hours together."""
    windows: dict[bytes, list[Measurement]] = {}
    for site, of_site in inputs.items():
        if (buckets := quarters[site]) is not None:
            parts = [
                Measurement(site, name, meter, buckets)
                for name in EXCHANGES
                for meter in of_site.meters(name)
                if Service.of(meter.device).overlaps(buckets.edges)
            ]
            windows.setdefault(buckets.edges.tobytes(), []).extend(parts)
    return [parts for parts in windows.values() if parts]


def _measured(parts: Sequence[Measurement]) -> list[Measurement]:
    """What Devices measured; PV arrays while no inverter measures the same energy."""
    arrays = [part for part in parts if part.meter.device.kind == DeviceKind.PV_ARRAY]
    others = [part for part in parts if part not in arrays]
    _measure(others)
    for array in arrays:
        array.hidden = np.logical_or.reduce(
            [
                part.expected > 0
                for part in others
                if part.site == array.site and part.meter.device.kind == DeviceKind.INVERTER
            ]
            or [np.zeros(len(array.quarters), bool)]
        )
    arrays = [array for array in arrays if not array.hidden.all()]
    _measure(arrays)
    return [part for part in chain(others, arrays) if part.counts]


def _measure(parts: Sequence[Measurement]) -> None:
    """Read the best source of each, and the next ones of those of which that tells too little."""
    for rank in range(max((len(part.meter.sources) for part in parts), default=0)):
        _read([part for part in parts if part.lacks(rank)], rank)
        if rank == 0:
            _find_beginnings(parts)


def _find_beginnings(parts: Sequence[Measurement]) -> None:
    """Ask when Devices were read first, where what was read leaves that open."""
    unclear = {part.meter.device.pk: part.meter.device for part in parts if part.is_unclear}
    if not unclear:
        return
    since = int(parts[0].quarters.edges[0])
    firsts = first_readings(list(unclear.values()), since)
    for part in parts:
        if part.meter.device.pk in unclear:
            part.begin(firsts.get(part.meter.device.pk))


def _read(parts: Sequence[Measurement], rank: int) -> None:
    """Read what the source of that rank of each tells of its quarter hours.

    The buckets of Devices that came or went within one are divided there, those of no other:
    whole quarter hours take the history store less time.
    """
    edges = {part: refined(part.quarters.edges, [part.service]) for part in parts}
    whole = [part for part in parts if edges[part].size == part.quarters.edges.size]
    cut = [part for part in parts if edges[part].size > part.quarters.edges.size]
    for group in (whole, cut):
        if group:
            services = [part.service for part in group] if group is cut else []
            _read_in(refined(group[0].quarters.edges, services), group, rank)


def _read_in(edges: Ints, parts: Sequence[Measurement], rank: int) -> None:
    users: dict[int, list[Measurement]] = {}
    for part in parts:
        users.setdefault(part.meter.sources[rank].pk, []).append(part)
    queries = [_query(same[0].meter.sources[rank], same[0].quarters) for same in users.values()]
    told: dict[Measurement, list[_Told]] = {part: [] for part in parts}
    for span in _spans(edges):
        for pk, series in get_store().read_series(queries, span, known_until=int(edges[-1])):
            for part in users[pk]:
                metric, sign = part.meter.sources[rank], EXCHANGES[part.exchange].sign
                energy = _energy(metric, sign, series, np.diff(span))
                told[part].append(_Told(*energy, series.newest))
    for part, each in told.items():
        values, covered, newest = zip(*each, strict=True)
        last = max((at for at in newest if at is not None), default=None)
        metric = part.meter.sources[rank]
        part.add(metric, edges, np.concatenate(values), np.concatenate(covered), last)


def _spans(edges: Ints) -> Iterator[Ints]:
    """The edges in pieces of a month at most: the readings of a year would not fit into memory."""
    for first in range(0, edges.size - 1, _SPAN):
        yield edges[first : first + _SPAN + 1]


def _query(metric: Metric, quarters: Buckets) -> SeriesQuery:
    aggregate = DEFAULT_AGGREGATES[metric.type]
    query = Summary(metric, aggregate, quarters, int(quarters.edges[-1])).query(envelope=False)
    # Only the readings of a power tell which way it flowed.
    return query if query.needs == "increase" else replace(query, needs="readings")


def _energy(
    metric: Metric, sign: int, series: BucketedSeries, lengths: Ints
) -> tuple[Floats, Floats]:
    """What a counter rose, an interval meter told, or a power gave over time, in Wh.

    And for how many microseconds of each bucket that is known: of an unknown unit, for none.

    Of a power, only what flows the way of the exchange's sign counts.
    """
    covered = series.coverage() * lengths
    scale = scale_of(metric)
    if scale is None:
        return np.full_like(covered, np.nan), np.zeros_like(covered)
    if isinstance(series, SampleSeries) and metric.type == MetricType.INTERVAL:
        return series.amounts() * scale, series.amounts_coverage() * lengths
    if isinstance(series, SampleSeries) and metric.type != MetricType.COUNTER:
        return _directed(series, sign).mean() * covered / HOUR * scale, covered
    return series.increase() * scale, series.increase_coverage() * lengths


def _directed(series: SampleSeries, sign: int) -> SampleSeries:
    """The power that flows one way."""
    samples = series.samples
    return replace(
        series, samples=Samples(samples.timestamps, np.maximum(sign * samples.values, 0))
    )

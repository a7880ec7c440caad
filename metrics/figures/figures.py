"""The figures of Sites: power now, energy since local midnight, autarky and self-consumption.

Computed, never ingested. Power comes from the latest values that are not stale; energy from the
counters' increase or, where a Device has no counter, from its power over time. Retired Devices do
not count. Everywhere: positive is into the Site's bus, and consumption is what balances it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np

from metrics.figures.balances import Amount, Energies, balanced, pooled
from metrics.figures.equipment import (
    ENERGY_KEYS,
    FLOWS,
    POWER_KEYS,
    SCALES,
    Equipment,
    equipment_of,
)
from metrics.freshness import Freshness
from metrics.history import get_store
from metrics.history.arrays import Samples
from metrics.history.buckets import HOUR, Buckets, divide, midnight
from metrics.instants import from_micros, to_micros
from metrics.models import Metric
from metrics.timeseries.summaries import Summary
from metrics.vocabulary import MetricType
from sites.models import Site

MIN_COVERAGE = 0.8
_POWER_UNIT, _ENERGY_UNIT, _SHARE_UNIT = "W", "Wh", "%"
_PERCENT = 100
_RESOLUTION = "15m"  # of the flows between grid and battery
_AROUND_THE_METER = ("import", "export", "charge", "discharge")
_MAX_QUARTERS = 4 * 49  # a date lasts 48 hours where a zone moves west over the date line


@dataclass(frozen=True, slots=True)
class Figure:
    """`value` is None where `coverage` (0 to 1) is too low, or there is nothing to divide by.

    `timestamp`: when the oldest reading that it rests on was measured.
    """

    value: float | None
    unit: str
    timestamp: datetime | None
    coverage: float


Figures = dict[str, Figure]


def site_powers(sites: Sequence[Site], now: datetime) -> dict[int, Figures]:
    """Power now and state of charge of each Site by its id, in one query."""
    equipment = equipment_of(sites, POWER_KEYS)
    return {site.pk: _powers(equipment[site.pk], now) for site in sites}


def site_figures(sites: Sequence[Site], now: datetime) -> dict[int, Figures]:
    """All figures of each Site by its id; energies since the Site's own midnight."""
    equipment = equipment_of(sites, POWER_KEYS | ENERGY_KEYS)
    today = {site.pk: _today(site, now) for site in sites}
    samples = _samples(equipment.values(), today.values(), now)
    return {
        site.pk: _powers(equipment[site.pk], now)
        | _energies(equipment[site.pk], today[site.pk], samples)
        for site in sites
    }


# Power now ----------------------------------------------------------------------------------------


def _powers(equipment: Equipment, now: datetime) -> Figures:
    def known(metrics: Iterable[Metric]) -> Amount | None:
        return pooled([_latest(metric, now) for metric in metrics])

    production = known(equipment.powers("production"))
    grid, battery = known(equipment.powers("import")), known(equipment.powers("discharge"))
    loads = known(equipment.powers("load"))
    consumption = balanced([grid, production, battery]) if grid else loads
    amounts = {
        "production_power": production,
        "consumption_power": consumption,
        "grid_power": grid,
        "battery_power": battery,
    }
    return {name: _figure(amount, _POWER_UNIT) for name, amount in amounts.items()} | {
        "state_of_charge": _mean_level(equipment.charge_levels, now)
    }


def _mean_level(metrics: Sequence[Metric], now: datetime) -> Figure:
    """The mean over the batteries that report; their capacities are not known."""
    levels = [_latest(metric, now) for metric in metrics]
    level = pooled(levels)
    if level is None or not level.coverage:
        return _figure(level, _SHARE_UNIT)
    fresh = level.coverage * len(levels)
    return _figure(replace(level, values=level.values / fresh), _SHARE_UNIT)


def _latest(metric: Metric, now: datetime) -> Amount:
    latest = getattr(metric, "latest", None)
    if latest is None or latest.state(now) == Freshness.STALE:
        return Amount(np.zeros(1), 0, None)
    scaled = np.array([latest.value * SCALES[metric.unit]])
    return Amount(scaled, 1, to_micros(latest.timestamp))


# Energy today -------------------------------------------------------------------------------------


def _today(site: Site, now: datetime) -> Buckets | None:
    """The quarter hours since the Site's midnight; None at the stroke of it."""
    zone = ZoneInfo(site.time_zone)
    start, end = midnight(now.astimezone(zone).date(), zone), to_micros(now)
    return divide(start, end, _RESOLUTION, zone, at_most=_MAX_QUARTERS) if start < end else None


def _samples(
    equipment: Iterable[Equipment], windows: Iterable[Buckets | None], now: datetime
) -> dict[int, Samples]:
    """The readings of all Metrics that energies are made of, since the earliest midnight."""
    starts = [int(buckets.edges[0]) for buckets in windows if buckets]
    wanted = {meter.pk for each in equipment for name in FLOWS for meter in each.energies(name)}
    if not starts:
        return {}
    return get_store().read(sorted(wanted), min(starts), to_micros(now), with_neighbours=True)


def _energies(
    equipment: Equipment, today: Buckets | None, samples: Mapping[int, Samples]
) -> Figures:
    flows = {name: _flow(name, equipment, today, samples) for name in FLOWS}
    amounts = {
        "production_energy": flows["production"],
        "consumption_energy": _consumption(flows),
        "grid_import_energy": flows["import"],
        "grid_export_energy": flows["export"],
        "battery_charge_energy": flows["charge"],
        "battery_discharge_energy": flows["discharge"],
    }
    figures = {name: _figure(amount, _ENERGY_UNIT) for name, amount in amounts.items()}
    return figures | _shares(flows, amounts["consumption_energy"])


def _consumption(flows: Mapping[str, Amount | None]) -> Amount | None:
    """What balances the Site; without a grid meter, what its loads measured."""
    if flows["import"] is None:
        return flows["load"]
    into_the_bus = [flows["import"], flows["production"], flows["discharge"]]
    return balanced(into_the_bus, [flows["export"], flows["charge"]])


def _shares(flows: Mapping[str, Amount | None], consumption: Amount | None) -> Figures:
    figures = dict.fromkeys(("autarky", "self_consumption"), _figure(None, _SHARE_UNIT))
    if consumption is None or flows["import"] is None:
        return figures
    parts = (flows["production"], consumption, *map(flows.get, _AROUND_THE_METER))
    nothing = np.zeros_like(consumption.values)
    energies = Energies(*(part.values if part else nothing for part in parts))
    # The consumption is only as well known as every flow in its balance: so are both shares.
    shares = {"autarky": energies.autarky(), "self_consumption": energies.self_consumption()}
    known = _figure(consumption, _SHARE_UNIT)
    for name, share in shares.items():
        if share is not None and known.value is not None:
            figures[name] = replace(known, value=share * _PERCENT)
        else:
            figures[name] = replace(known, value=None)
    return figures


def _flow(
    name: str, equipment: Equipment, today: Buckets | None, samples: Mapping[int, Samples]
) -> Amount | None:
    if today is None:
        return None
    return pooled(
        [
            _energy(meter, FLOWS[name].sign, today, samples[meter.pk])
            for meter in equipment.energies(name)
        ]
    )


def _energy(metric: Metric, sign: int, today: Buckets, samples: Samples) -> Amount:
    """The energy of each bucket in Wh: what a counter rose, or a power over the time it is known.

    Of a power, only what flows the way of `sign` counts.
    """
    end = int(today.edges[-1])
    if metric.type == MetricType.COUNTER:
        summary = Summary(metric, "increase", today, end)
        values, covered = summary.values(samples), summary.coverage(samples)
    else:
        summary = Summary(metric, "mean", today, end)
        directed = Samples(samples.timestamps, np.maximum(sign * samples.values, 0))
        covered = summary.coverage(samples)
        values = summary.values(directed) * covered * np.diff(today.edges) / HOUR
    measured = samples.timestamps[samples.timestamps <= end]
    return Amount(
        np.nan_to_num(values) * SCALES[metric.unit],
        0.0 if np.isnan(values).all() else float(np.average(covered, weights=np.diff(today.edges))),
        int(measured[-1]) if measured.size else None,
    )


def _figure(amount: Amount | None, unit: str) -> Figure:
    if amount is None:
        return Figure(None, unit, None, 0.0)
    return Figure(
        amount.total if amount.coverage >= MIN_COVERAGE else None,
        unit,
        None if amount.timestamp is None else from_micros(amount.timestamp),
        round(amount.coverage, 4),
    )

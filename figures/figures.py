"""The figures of Sites: power now, energy of a period, where it flowed, autarky, self-consumption.

Computed, never ingested. Power comes from the latest values that are not stale; energy from the
counters' increase or, where a Device has no counter, from its power over time. Retired Devices do
not count. Everywhere: positive is into the Site's bus, and consumption is what balances it.
`docs/figures.md` has every formula.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np

from energy.instants import from_micros
from figures.balances import Amount, balanced
from figures.energies import Measured, measured
from figures.equipment import ENERGY_KEYS, POWER_KEYS, Equipment, equipment_of
from figures.flows import Energies, share_without
from figures.periods import NOW_AND_TODAY, Period
from figures.powers import powers
from history.arrays import Floats
from sites.models import Site

MIN_COVERAGE = 0.8
_POWER_UNIT, _ENERGY_UNIT, _SHARE_UNIT = "W", "Wh", "%"
_PERCENT = 100
_EXCHANGES = ("import", "export", "charge", "discharge")


@dataclass(frozen=True, slots=True)
class Figure:
    """`value` is None where `coverage` (0 to 1) is too low, or there is nothing to divide by.

    `timestamp`: when the oldest reading that it rests on was measured; `inputs`: the ids of the
    Metrics it comes from, ascending.
    """

    value: float | None
    unit: str
    timestamp: datetime | None
    coverage: float
    inputs: tuple[int, ...] = field(default=(), compare=False)


Figures = dict[str, Figure]


def site_powers(sites: Sequence[Site], now: datetime) -> dict[int, Figures]:
    """Power now and state of charge of each Site by its id, in one query."""
    equipment = equipment_of(sites, POWER_KEYS)
    return {site.pk: _powers(equipment[site.pk], now) for site in sites}


def site_figures(
    sites: Sequence[Site], now: datetime, period: Period = NOW_AND_TODAY
) -> dict[int, Figures]:
    """The figures of a period for each Site by its id; its days are the Site's own."""
    if not period.has_energies:
        return site_powers(sites, now)
    equipment = equipment_of(sites, POWER_KEYS | ENERGY_KEYS)
    quarters = {site.pk: period.quarters(ZoneInfo(site.time_zone), now) for site in sites}
    found = {pk: _energies(amounts) for pk, amounts in measured(equipment, quarters).items()}
    if period.has_powers:
        return {pk: _powers(equipment[pk], now) | figures for pk, figures in found.items()}
    return found


def _powers(equipment: Equipment, now: datetime) -> Figures:
    return {
        name: _figure(amount, _POWER_UNIT if name.endswith("_power") else _SHARE_UNIT)
        for name, amount in powers(equipment, now).items()
    }


def _energies(amounts: Measured) -> Figures:
    consumption = _consumption(amounts)
    exchanged = {
        "production_energy": amounts["production"],
        "consumption_energy": consumption,
        "grid_import_energy": amounts["import"],
        "grid_export_energy": amounts["export"],
        "battery_charge_energy": amounts["charge"],
        "battery_discharge_energy": amounts["discharge"],
    }
    figures = {name: _figure(amount, _ENERGY_UNIT) for name, amount in exchanged.items()}
    return figures | _flows(amounts, consumption)


def _consumption(amounts: Measured) -> Amount | None:
    """What balances the Site; without a grid meter, what its loads measured."""
    if amounts["import"] is None:
        return amounts["load"]
    into_the_bus = [amounts["import"], amounts["production"], amounts["discharge"]]
    return balanced(into_the_bus, [amounts["export"], amounts["charge"]])


def _flows(amounts: Measured, consumption: Amount | None) -> Figures:
    """The seven flows and the two shares; of a Site without a grid meter none is known."""
    if consumption is None or amounts["import"] is None:
        return _of_flows(_NOTHING, None, {})
    parts = (amounts["production"], consumption, *map(amounts.get, _EXCHANGES))
    nothing = np.zeros_like(consumption.values)
    energies = Energies(*(part.values if part else nothing for part in parts))
    existing = {
        "production": amounts["production"] is not None,
        "storage": bool(amounts["charge"] or amounts["discharge"]),
    }
    return _of_flows(energies, consumption, existing)


def _of_flows(
    energies: Energies, consumption: Amount | None, existing: Mapping[str, bool]
) -> Figures:
    split = energies.flows()
    figures = {
        f"{name}_energy": _part(consumption, values, existing, name)
        for name, values in asdict(split).items()
    }
    shares = {
        "autarky": share_without(split.grid_to_consumption, energies.consumption),
        "self_consumption": share_without(split.production_to_grid, energies.production),
    }
    known = _figure(consumption, _SHARE_UNIT)
    for name, share in shares.items():
        value = None if share is None or known.value is None else share * _PERCENT
        figures[name] = replace(known, value=value)
    return figures


def _part(
    consumption: Amount | None, values: Floats, existing: Mapping[str, bool], name: str
) -> Figure:
    """One flow: as well known as the balance; unknown where its source or sink does not exist."""
    exists = all(existing.get(end, True) for end in name.split("_to_"))
    if consumption is None or not exists:
        return _figure(None, _ENERGY_UNIT)
    return _figure(replace(consumption, values=values), _ENERGY_UNIT)


def _figure(amount: Amount | None, unit: str) -> Figure:
    if amount is None:
        return Figure(None, unit, None, 0.0)
    return Figure(
        amount.total if amount.coverage >= MIN_COVERAGE else None,
        unit,
        None if amount.timestamp is None else from_micros(amount.timestamp),
        round(amount.coverage, 4),
        tuple(sorted(amount.inputs)),
    )


_NOTHING = Energies(*[np.zeros(0)] * 6)

"""The figures of Sites: power now, energy of a period, where it flowed, autarky, self-consumption.

Computed, never ingested. Power comes from the latest values that are not stale; energy from the
counters' increase or, where a Device has no counter, from its power over time. Retired Devices do
not count. Everywhere: positive is into the Site's bus, and consumption is what balances it.
`docs/figures.md` has every formula.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np

from energy.instants import from_micros
from figures.balances import Amount, balanced
from figures.energies import Measured, measured
from figures.flows import Energies, share_without
from figures.inputs import ENERGY_KEYS, POWER_KEYS, SiteInputs, site_inputs
from figures.periods import NOW_AND_TODAY, Period
from figures.powers import powers
from sites.models import Site

MIN_COVERAGE = 0.8
_POWER_UNIT, _ENERGY_UNIT, _SHARE_UNIT = "W", "Wh", "%"
_PERCENT = 100


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
    inputs = site_inputs(sites, POWER_KEYS)
    return {site.pk: _powers(inputs[site.pk], now) for site in sites}


def site_figures(
    sites: Sequence[Site], now: datetime, period: Period = NOW_AND_TODAY
) -> dict[int, Figures]:
    """The figures of a period for each Site by its id; its days are the Site's own."""
    if not period.has_energies:
        return site_powers(sites, now)
    inputs = site_inputs(sites, POWER_KEYS | ENERGY_KEYS)
    quarters = {site.pk: period.quarters(ZoneInfo(site.time_zone), now) for site in sites}
    figures = {pk: _energies(amounts) for pk, amounts in measured(inputs, quarters).items()}
    if period.has_powers:
        return {pk: _powers(inputs[pk], now) | energies for pk, energies in figures.items()}
    return figures


def _powers(inputs: SiteInputs, now: datetime) -> Figures:
    return {
        name: _figure(amount, _POWER_UNIT if name.endswith("_power") else _SHARE_UNIT)
        for name, amount in powers(inputs, now).items()
    }


def _energies(amounts: Measured) -> Figures:
    consumption = _consumption(amounts)
    energies = {
        "production_energy": amounts["production"],
        "consumption_energy": consumption,
        "grid_import_energy": amounts["import"],
        "grid_export_energy": amounts["export"],
        "battery_charge_energy": amounts["charge"],
        "battery_discharge_energy": amounts["discharge"],
    }
    figures = {name: _figure(amount, _ENERGY_UNIT) for name, amount in energies.items()}
    return figures | _flows(amounts, consumption if amounts["import"] else None)


def _consumption(amounts: Measured) -> Amount | None:
    """What balances the Site; without a grid meter, what its loads measured."""
    if amounts["import"] is None:
        return amounts["load"]
    into_the_bus = [amounts["import"], amounts["production"], amounts["discharge"]]
    return balanced(into_the_bus, [amounts["export"], amounts["charge"]])


def _flows(amounts: Measured, balance: Amount | None) -> Figures:
    """The seven flows and the two shares, as well known as the balance, if there is one."""
    energies = _bucket_energies(amounts, balance)
    flows = energies.flows()
    has = {
        "production": amounts["production"] is not None,
        "storage": bool(amounts["charge"] or amounts["discharge"]),
    }
    figures = {}
    for name, values in asdict(flows).items():
        exists = balance and all(has.get(end, True) for end in name.split("_to_"))
        amount = replace(balance, values=values) if balance and exists else None
        figures[f"{name}_energy"] = _figure(amount, _ENERGY_UNIT)
    shares = {
        "autarky": share_without(flows.grid_to_consumption, energies.consumption),
        "self_consumption": share_without(flows.production_to_grid, energies.production),
    }
    known = _figure(balance, _SHARE_UNIT)
    for name, share in shares.items():
        value = None if share is None or known.value is None else share * _PERCENT
        figures[name] = replace(known, value=value)
    return figures


def _bucket_energies(amounts: Measured, balance: Amount | None) -> Energies:
    """What the Site exchanged; nothing without a balance, and where it has no such equipment."""
    if balance is None:
        return Energies(*[np.zeros(0)] * 6)
    exchanges = [amounts[name] for name in ("import", "export", "charge", "discharge")]
    nothing = np.zeros_like(balance.values)
    terms = [amounts["production"], balance, *exchanges]
    return Energies(*(amount.values if amount else nothing for amount in terms))


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

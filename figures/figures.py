"""The figures of Sites: power now, energy of a period, where it flowed, autarky, self-consumption.

Computed, never ingested. Power comes from the latest values that are not stale; energy from the
counters' increase or, where a counter does not tell, from power over time. A Device counts while
it is in service. Everywhere: positive is into the Site's bus, and consumption is what balances it.
`docs/figures.md` has every formula.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np

from energy.instants import from_micros
from figures.balances import MIN_COVERAGE, Amount
from figures.consumption import balance_of, consumption_of
from figures.energies import Measured, measured
from figures.flows import Energies, share_without
from figures.inputs import ENERGY_KEYS, POWER_KEYS, SiteInputs, site_inputs
from figures.missing import Missing
from figures.periods import NOW_AND_TODAY, Period
from figures.powers import powers
from sites.models import Site

_POWER_UNIT, _ENERGY_UNIT, _SHARE_UNIT = "W", "Wh", "%"
_PERCENT = 100


@dataclass(frozen=True, slots=True)
class Figure:
    """`value` is None where `coverage` (0 to 1) is too low, or there is nothing to divide by.

    It is None too where meters contradict one another. `timestamp` is when the oldest reading it
    is computed from was measured; `partial` is what is known, however little, and `missing` what is
    not; `inputs` are the ids of its Metrics, ascending, and `sources` is the number of Devices.
    """

    value: float | None
    unit: str
    timestamp: datetime | None
    coverage: float
    partial: float | None = None
    missing: tuple[Missing, ...] = ()
    inputs: tuple[int, ...] = field(default=(), compare=False)
    sources: int = field(default=0, compare=False)


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
    balance = balance_of(amounts)
    energies = {
        "production_energy": amounts["production"],
        "consumption_energy": consumption_of(amounts, balance),
        "grid_import_energy": amounts["import"],
        "grid_export_energy": amounts["export"],
        "battery_charge_energy": amounts["charge"],
        "battery_discharge_energy": amounts["discharge"],
    }
    figures = {name: _figure(amount, _ENERGY_UNIT) for name, amount in energies.items()}
    return figures | _flows(amounts, balance)


def _flows(amounts: Measured, balance: Amount | None) -> Figures:
    """The seven flows and the two shares, as well known as the balance, if there is one."""
    energies = _bucket_energies(amounts, balance)
    flows = energies.flows()
    has = {
        "production": _exists(amounts["production"]),
        "storage": _exists(amounts["charge"]) or _exists(amounts["discharge"]),
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
        percent = None if share is None else share * _PERCENT
        figures[name] = replace(
            known,
            value=None if known.value is None else percent,
            partial=None if known.partial is None else percent,
        )
    return figures


def _exists(amount: Amount | None) -> bool:
    """Whether any Device was in service that measures it."""
    return amount is not None and bool(amount.in_service.any())


def _bucket_energies(amounts: Measured, balance: Amount | None) -> Energies:
    """What the Site exchanged where all of its balance is known; nothing where it is not."""
    if balance is None:
        return Energies(*[np.zeros(0)] * 6)
    exchanges = [amounts[name] for name in ("import", "export", "charge", "discharge")]
    unknown, nothing = np.isnan(balance.values), np.zeros_like(balance.values)
    terms = [amounts["production"], balance, *exchanges]
    values = (amount.values if amount else nothing for amount in terms)
    return Energies(*(np.where(unknown, 0, each) for each in values))


def _figure(amount: Amount | None, unit: str) -> Figure:
    if amount is None:
        return Figure(None, unit, None, 0.0)
    partial = None if amount.is_contradicted else amount.total
    return Figure(
        partial if amount.coverage >= MIN_COVERAGE else None,
        unit,
        None if amount.timestamp is None else from_micros(amount.timestamp),
        round(amount.coverage, 4),
        partial,
        amount.missing,
        tuple(sorted(amount.inputs)),
        len(amount.sources),
    )

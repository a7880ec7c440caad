"""Power now and state of charge, from the latest values that are not stale."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import numpy as np

from devices.kinds import DeviceKind
from energy.instants import to_micros
from figures.balances import Amount, pooled
from figures.consumption import balance_of, consumption_of
from figures.inputs import SiteInputs, scale_of
from figures.missing import Missing, Reason
from metrics.freshness import Freshness
from metrics.models import Metric

_ONE = np.ones(1)


def powers(inputs: SiteInputs, now: datetime) -> dict[str, Amount | None]:
    """The powers in W, positive into the Site's bus, and the mean state of charge in %."""

    def power(exchange: str) -> Amount | None:
        return pooled(_latest(_without_arrays(inputs.powers(exchange), now), now))

    production, loads = power("production"), power("load")
    grid, battery = power("import"), power("discharge")
    exchanges = {
        "production": production,
        "load": loads,
        "import": _flowing(grid, +1),
        "export": _flowing(grid, -1),
        "discharge": _flowing(battery, +1),
        "charge": _flowing(battery, -1),
    }
    return {
        "production_power": production,
        "consumption_power": consumption_of(exchanges, balance_of(exchanges)),
        "grid_power": grid,
        "battery_power": battery,
        "state_of_charge": _mean_level(_latest(inputs.charge_levels, now)),
    }


def _without_arrays(metrics: Sequence[Metric], now: datetime) -> list[Metric]:
    """Leaves out PV arrays while inverters in service measure the same energy behind them."""
    has_inverter = any(
        metric.device.kind == DeviceKind.INVERTER
        and metric.device.is_in_service(now)
        and _is_expected(metric)
        for metric in metrics
    )
    return [
        metric
        for metric in metrics
        if not has_inverter or metric.device.kind != DeviceKind.PV_ARRAY
    ]


def _is_expected(metric: Any) -> bool:
    """Whether its Device, if nobody said since when it is in service, has reported."""
    return bool(metric.device.in_service_from or metric.has_reported)


def _flowing(power: Amount | None, sign: int) -> Amount | None:
    """The power as far as it flows one way."""
    return power and replace(power, values=np.maximum(sign * power.values, 0))


def _mean_level(levels: Sequence[Amount]) -> Amount | None:
    """The mean over the batteries that report; their capacities are not known."""
    level = pooled(levels)
    if level is None or not level.known.sum():
        return level
    return replace(level, values=level.values / level.known.sum())


def _latest(metrics: Iterable[Metric], now: datetime) -> list[Amount]:
    """What each Metric of a Device in service says now."""
    return [_amount(metric, now) for metric in metrics if metric.device.is_in_service(now)]


def _amount(metric: Metric, now: datetime) -> Amount:
    """Nothing is expected of a Device that is in service from its first reading on, before it."""
    latest = getattr(metric, "latest", None)
    unknown = Amount(
        np.full(1, np.nan),
        expected=_ONE if _is_expected(metric) else np.zeros(1),
        known=np.zeros(1),
        lengths=_ONE,
        timestamp=None,
        inputs=frozenset({metric.pk}),
        sources=frozenset({metric.device}),
    )
    if latest is None:
        return replace(unknown, missing=(Missing(metric.device, Reason.NEVER_REPORTED),))
    if latest.state(now) == Freshness.STALE:
        return replace(unknown, missing=(Missing(metric.device, Reason.STALE),))
    if (scale := scale_of(metric)) is None:
        return unknown
    scaled = _ONE * latest.value * scale
    return replace(unknown, values=scaled, known=_ONE, timestamp=to_micros(latest.timestamp))

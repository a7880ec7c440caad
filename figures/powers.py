"""Power now and state of charge, from the latest values that are not stale."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import numpy as np

from energy.instants import to_micros
from figures.balances import Amount, balanced, pooled
from figures.inputs import SiteInputs, scale_of
from metrics.freshness import Freshness
from metrics.models import Metric


def powers(inputs: SiteInputs, now: datetime) -> dict[str, Amount | None]:
    """The powers in W, positive into the Site's bus, and the mean state of charge in %."""

    def power(exchange: str) -> Amount | None:
        return pooled([_latest(metric, now) for metric in inputs.powers(exchange)])

    production, loads = power("production"), power("load")
    grid, battery = power("import"), power("discharge")
    return {
        "production_power": production,
        "consumption_power": balanced([grid, production, battery]) if grid else loads,
        "grid_power": grid,
        "battery_power": battery,
        "state_of_charge": _mean_level(inputs.charge_levels, now),
    }


def _mean_level(metrics: Sequence[Metric], now: datetime) -> Amount | None:
    """The mean over the batteries that report; their capacities are not known."""
    levels = [_latest(metric, now) for metric in metrics]
    level = pooled(levels)
    if level is None or not level.coverage:
        return level
    fresh = level.coverage * len(levels)
    return replace(level, values=level.values / fresh)


def _latest(metric: Metric, now: datetime) -> Amount:
    latest, scale, inputs = (
        getattr(metric, "latest", None),
        scale_of(metric),
        frozenset({metric.pk}),
    )
    if scale is None or latest is None or latest.state(now) == Freshness.STALE:
        return Amount(np.zeros(1), 0, None, inputs)
    scaled = np.array([latest.value * scale])
    return Amount(scaled, 1, to_micros(latest.timestamp), inputs)

"""Whether the meters of a Site contradict one another. Pure.

What left the Site's bus through the grid meter and into batteries cannot be more than what came in,
and what was exported not more than what was produced or discharged. Meters are not exact, and are
not read at the same instant, so a little more is no contradiction.
"""

from collections.abc import Mapping

import numpy as np

from figures.balances import MIN_COVERAGE, Amount
from history.arrays import Floats

# Meters of class B are off by 1 %, current transformers by as much again, and the measurement that
# inverters have built in by 3 to 5 %.
MAX_ERROR = 0.05

Exchanges = Mapping[str, Amount | None]


def contradict(amounts: Exchanges, balance: Amount) -> bool:
    """Whether the exchanges that `balance` is made of cannot all be right."""
    came = _sum(amounts, balance, "import", "production", "discharge")
    left = _sum(amounts, balance, "export", "charge")
    made = _sum(amounts, balance, "production", "discharge")
    exported = _sum(amounts, balance, "export")
    if left.sum() - came.sum() > MAX_ERROR * left.sum():
        return True
    measured = balance.shares >= MIN_COVERAGE
    width = max(1, -(-balance.spacing // int(balance.lengths.max())))
    return any(
        _worst(out[measured], into[measured]) > _largest(out, width) + _largest(into, width)
        for out, into in ((left, came), (exported, made))
    )


def _sum(amounts: Exchanges, balance: Amount, *names: str) -> Floats:
    """What these exchanges came to in each bucket of which all of the balance is known."""
    terms = [amount.values for name in names if (amount := amounts[name])]
    total = np.sum([np.zeros_like(balance.values), *terms], axis=0)
    return np.where(np.isnan(balance.values), 0, total)


def _worst(out: Floats, into: Floats) -> float:
    """By how much more went out than came in, beyond the error of meters, in any span of buckets.

    A meter that is read later than another, or counts in coarse steps, moves energy from one bucket
    to the next, which a longer span makes good; one that is mounted the wrong way round does not.
    """
    summed = np.concatenate(([0.0], np.cumsum(out - into - MAX_ERROR * out)))
    return float((summed - np.minimum.accumulate(summed)).max())


def _largest(amounts: Floats, width: int) -> float:
    """The most in any `width` buckets in a row."""
    summed = np.concatenate((np.zeros(width), np.cumsum(amounts)))
    return float((summed[width:] - summed[:-width]).max())

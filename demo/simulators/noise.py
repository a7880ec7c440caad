"""Random numbers without state: a seed and an index always give the same number."""

from hashlib import blake2b

import numpy as np

from history.arrays import Floats, Ints

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX = ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB))


def seed_of(*parts: object) -> int:
    """A 64-bit seed of these parts' text."""
    text = "\x1f".join(map(str, parts))
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "little")


def uniform(seed: int, index: Ints) -> Floats:
    """Independent numbers in [0, 1), one for each index.

    SplitMix64's output function: Steele, Lea and Flood, "Fast splittable pseudorandom number
    generators", OOPSLA 2014, doi:10.1145/2660193.2660195.
    """
    state = index.astype(np.uint64) * _GOLDEN + np.uint64(seed)
    for shift, factor in _MIX:
        state = (state ^ (state >> np.uint64(shift))) * np.uint64(factor)
    state ^= state >> np.uint64(31)
    return (state >> np.uint64(11)).astype(np.float64) * 2.0**-53


def smooth(seed: int, minutes: Ints, period: int) -> Floats:
    """Noise in [-1, 1] with a random value every `period` minutes and a smooth curve between.

    `minutes` is a block of consecutive days. Its variance is about 0.25.
    """
    knots = minutes // period
    start = int(knots.flat[0])
    heights = 2.0 * uniform(seed, np.arange(start, int(knots.flat[-1]) + 2)) - 1.0
    at = knots - start
    share = (minutes - knots * period) / period
    share = share * share * (3.0 - 2.0 * share)
    low = heights[at]
    return low + (heights[at + 1] - low) * share

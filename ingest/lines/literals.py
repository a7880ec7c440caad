"""Numbers and timestamps as line protocol writes them, many at a time. Pure.

Python reads more than is meant: `nan`, `1_0`, digits of other scripts. So all are matched before
any is converted, in one pass, or where that fails one by one.
"""

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from history.arrays import Floats, Ints

_NUMBER = rb"(?:-?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|-?\d{1,18}i|\d{1,18}u)"
_INTEGER = rb"(?:-?(?:\d{1,18}|[0-8]\d{18}))"  # of 64 bits
_ONE_NUMBER, _ONE_INTEGER = re.compile(_NUMBER), re.compile(_INTEGER)
_ALL_NUMBERS, _ALL_INTEGERS = (
    re.compile(b"(?:%s\n)*+%s" % (one, one)) for one in (_NUMBER, _INTEGER)
)
_SUFFIXES = b"iu"


def read_numbers(texts: Sequence[bytes]) -> Floats:
    """Numbers, integers with their suffix; NaN for what is none, or none of a double."""
    together = b"\n".join(texts)
    if _ALL_NUMBERS.fullmatch(together):
        numbers = np.fromstring(together.translate(None, _SUFFIXES), np.float64, sep="\n")
    else:
        numbers = np.array([_number(text) for text in texts], np.float64)
    numbers[np.isinf(numbers)] = np.nan
    return numbers


def read_integers(texts: Sequence[bytes]) -> tuple[Ints, NDArray[np.bool_]]:
    """Integers of 64 bits, 0 for what is none; and which are."""
    together = b"\n".join(texts)
    if _ALL_INTEGERS.fullmatch(together):
        return np.fromstring(together, np.int64, sep="\n"), np.ones(len(texts), bool)
    good = [_ONE_INTEGER.fullmatch(text) is not None for text in texts]
    integers = [int(text) if is_one else 0 for text, is_one in zip(texts, good, strict=True)]
    return np.array(integers, np.int64), np.array(good, bool)


def _number(text: bytes) -> float:
    return float(text.rstrip(_SUFFIXES)) if _ONE_NUMBER.fullmatch(text) else np.nan

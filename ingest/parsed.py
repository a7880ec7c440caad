"""What every format's parser returns. Pure: no database, no clock, no settings."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from history.arrays import Floats, Ints


class Named(NamedTuple):
    """A Metric by the names machines use: slug of the Site, slug of the Device, key."""

    site: str
    device: str
    key: str


class InUnit(NamedTuple):
    """A Metric by its names, if that is its unit."""

    name: Named
    unit: str


Identity = int | Named | InUnit  # a Metric by its id or by its names


@dataclass(frozen=True, slots=True, order=True)
class Rejection:
    """One refused reading: its position in the request from 0, a stable code, and why."""

    index: int
    code: str
    reason: str


@dataclass(frozen=True, slots=True)
class ParsedReadings:
    """The well-formed readings of a request, n of them, in the order sent.

    `identities` are the distinct Metrics named, `of_identity` intp[n] says which each reading
    belongs to, `timestamps` int64[n] are microseconds since the Unix epoch, `values` float64[n]
    as sent, `positions` int64[n] where in the request each stood. `malformed` are those that
    could not be read at all.
    """

    identities: Sequence[Identity]
    of_identity: NDArray[np.intp]
    timestamps: Ints
    values: Floats
    positions: Ints
    malformed: Sequence[Rejection] = ()

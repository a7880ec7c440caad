"""What every format's parser returns. Pure: no database, no clock, no settings."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, NamedTuple, Self

import msgspec
import numpy as np
from numpy.typing import NDArray

from energy.instants import each_to_micros
from history.arrays import Floats, Ints
from ingest.names import ExternalName

# How a reading names its Metric: by id, by (slug of the Site, slug of the Device, key), by these
# three and the unit of the value, which then has to be the Metric's, or by a name from outside.
MetricRef = int | tuple[str, str, str] | tuple[str, str, str, str] | ExternalName

# What msgspec checks the cells and members of a reading by, and how a wrong one is refused.
MetricId = Annotated[int, msgspec.Meta(ge=1, le=2**63 - 1)]
Timestamp = Annotated[datetime, msgspec.Meta(tz=True)]
REASONS = {
    "metric": "The metric must be its id, a positive integer.",
    "timestamp": "The timestamp must be RFC 3339 with an offset, such as 2026-06-01T12:00:00Z.",
    "value": "The value must be a number within the range of a double.",
}


class Refusal(NamedTuple):
    """Why readings are refused: a stable code, and the reason in words."""

    code: str
    reason: str


@dataclass(frozen=True, slots=True, order=True)
class Rejection:
    """A refused reading: its position in the request, a stable code, and the reason in words."""

    index: int
    code: str
    reason: str


@dataclass(frozen=True, slots=True)
class ParsedReadings:
    """The well-formed readings of a request, n of them, in the order sent.

    `metrics` are the distinct Metrics as the request names them, and `metric_of` intp[n] is the
    index in `metrics` of each reading's. `timestamps` int64[n] are microseconds since the Unix
    epoch, `values` float64[n] are as sent, `positions` int64[n] are the places of the readings in
    the request. `malformed` names the readings that could not be parsed.
    """

    metrics: Sequence[MetricRef]
    metric_of: NDArray[np.intp]
    timestamps: Ints
    values: Floats
    positions: Ints
    malformed: Sequence[Rejection] = ()

    @classmethod
    def of(
        cls,
        metrics: Sequence[MetricRef],
        timestamps: Sequence[datetime],
        values: Sequence[float],
        positions: Sequence[int] | Ints | None = None,
        malformed: Sequence[Rejection] = (),
    ) -> Self:
        """Readings whose Metric, timestamp, value and position are the n-th of each sequence.

        Positions count from 0 unless given.
        """
        if positions is None:
            positions = np.arange(len(values), dtype=np.int64)
        indexes: dict[MetricRef, int] = {}
        metric_of = [indexes.setdefault(metric, len(indexes)) for metric in metrics]
        return cls(
            metrics=list(indexes),
            metric_of=np.array(metric_of, np.intp),
            timestamps=np.fromiter(each_to_micros(timestamps), np.int64, len(timestamps)),
            values=np.array(values, np.float64),
            positions=np.asarray(positions, np.int64),
            malformed=malformed,
        )

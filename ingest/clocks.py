"""Clocks of Devices that are ahead."""

import numpy as np

from energy.instants import MICROS_PER_SECOND, from_micros
from history.arrays import ReadingBatch
from metrics.freshness import CLOCK_TOLERANCE
from metrics.models import Latest

_AT_ONCE = 500  # Metrics in one statement


def note_clocks_ahead(readings: ReadingBatch, received_at: int) -> None:
    """Note at the latest values up to when clocks that are ahead have dated what has arrived.

    `readings` are de-duplicated, and each Metric of theirs has a latest value; `received_at` in
    microseconds since the Unix epoch.
    """
    ahead = readings[readings.timestamps > received_at + CLOCK_TOLERANCE * MICROS_PER_SECOND]
    newest = ahead[np.diff(ahead.metric_ids, append=-1) != 0]
    pairs = zip(newest.metric_ids.tolist(), newest.timestamps.tolist(), strict=True)
    noted = [Latest(metric_id=key, ahead_until=from_micros(until)) for key, until in pairs]
    Latest.objects.bulk_update(noted, ["ahead_until"], batch_size=_AT_ONCE)

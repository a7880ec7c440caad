"""Readings of two levels as one series: where both have an instant, the upper wins. Pure."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from history.arrays import ReadingBatch, Samples

Level = Mapping[int, Samples]


def merged(below: Level, above: Level) -> dict[int, Samples]:
    """The readings of both levels by Metric id; of one instant the one of `above`."""
    return {
        metric_id: _merged_samples(below.get(metric_id), above.get(metric_id))
        for metric_id in sorted(below.keys() | above.keys())
    }


def first(levels: Level, limit: int) -> dict[int, Samples]:
    """The first `limit` readings by Metric id, then time."""
    kept: dict[int, Samples] = {}
    for metric_id in sorted(levels):
        if limit <= 0:
            break
        samples = levels[metric_id]
        kept[metric_id] = Samples(samples.timestamps[:limit], samples.values[:limit])
        limit -= len(samples)
    return kept


def batch_of(levels: Level) -> ReadingBatch:
    """All readings in one batch, by Metric id, then time."""
    ids = sorted(levels)
    sizes = [len(levels[metric_id]) for metric_id in ids]
    return ReadingBatch(
        np.repeat(np.array(ids, np.int64), sizes),
        _joined((levels[metric_id].timestamps for metric_id in ids), np.int64),
        _joined((levels[metric_id].values for metric_id in ids), np.float64),
    )


def _merged_samples(below: Samples | None, above: Samples | None) -> Samples:
    if not above:
        return below or Samples.empty()
    if not below:
        return above
    timestamps = np.concatenate((below.timestamps, above.timestamps))
    order = np.argsort(timestamps, kind="stable")  # `above` behind `below` in ties
    timestamps = timestamps[order]
    last = np.append(np.diff(timestamps) != 0, True)
    values = np.concatenate((below.values, above.values))[order]
    return Samples(timestamps[last], values[last])


def _joined(parts: Iterable[NDArray[Any]], kind: type) -> NDArray[Any]:
    return np.concatenate((np.empty(0, kind), *parts))

"""Stores the readings of simulated devices through the one door."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np

from demo.simulation_process import RemoteSimulation
from demo.simulators.site import Key, Simulation, SitePlan, SiteReadings
from devices.kinds import DeviceStatus
from energy.instants import MICROS_PER_SECOND, to_micros
from history.arrays import ReadingBatch
from ingest.door import store_history
from metrics.models import Metric
from metrics.vocabulary import CANONICAL

MINUTE = 60 * MICROS_PER_SECOND  # µs; simulated devices report every full minute


@dataclass(frozen=True, slots=True)
class SimulatedMetric:
    """A Metric that a simulated device reports, and the instant (µs) of its last reading."""

    metric_id: int
    last: int | None


def simulated_metrics(plan: SitePlan) -> dict[Key, SimulatedMetric]:
    """The Metrics that a site's devices report, as far as they exist and are in service."""
    reported = {(item.slug, spec.key) for item in plan.equipment for spec in CANONICAL[item.KIND]}
    columns = ("device__slug", "key", "pk", "latest__timestamp")
    active = Metric.objects.filter(
        device__site__slug=plan.slug, device__status=DeviceStatus.ACTIVE
    ).order_by()
    rows: Iterable[Any] = active.values_list(*columns)
    return {
        (device, key): SimulatedMetric(pk, to_micros(last) if last else None)
        for device, key, pk, last in rows
        if (device, key) in reported
    }


def first_missing(metrics: Mapping[Key, SimulatedMetric], earliest: int) -> int:
    """The first minute that some Metric has no reading of, but not before `earliest` (µs)."""
    lasts = [metric.last for metric in metrics.values() if metric.last is not None]
    return max(earliest, min(lasts, default=0) // MINUTE * MINUTE + MINUTE)


def store_window(
    simulation: Simulation | RemoteSimulation,
    metrics: Mapping[Key, SimulatedMetric],
    start: int,
    end: int,
    *,
    received_at: datetime,
    days_at_once: int = 1,
) -> Iterator[int]:
    """Store the full minutes of [start, end) (µs) some days at a time; yields how many readings.

    Each Metric only gets readings newer than its last one, so that none that people posted is
    overwritten.
    """
    for readings in simulation.readings(start, end, block_days=days_at_once):
        batch = _batch(readings, metrics)
        yield store_history(batch, now=received_at) if len(batch) else 0


def _batch(readings: SiteReadings, metrics: Mapping[Key, SimulatedMetric]) -> ReadingBatch:
    """The new readings, in the order of Metric ids, which saves the door from sorting them."""
    ids, timestamps, values = [], [], []
    for key in sorted(metrics.keys() & readings.values.keys(), key=lambda k: metrics[k].metric_id):
        metric = metrics[key]
        first = 0 if metric.last is None else readings.timestamps.searchsorted(metric.last, "right")
        timestamps.append(readings.timestamps[first:])
        values.append(readings.values[key][first:])
        ids.append(np.full(timestamps[-1].size, metric.metric_id, np.int64))
    if not ids:
        return ReadingBatch.of([], [], [])
    return ReadingBatch(np.concatenate(ids), np.concatenate(timestamps), np.concatenate(values))

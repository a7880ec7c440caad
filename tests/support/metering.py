"""Sites with counters that count."""

import numpy as np

from energy.instants import to_micros
from history import get_store
from history.arrays import ReadingBatch
from metrics.vocabulary import describe
from tests.support.factories import DeviceFactory


def equip(site, kind, key):
    """A Metric of a new Device of that kind."""
    device = DeviceFactory.build(site=site, kind=kind)
    device.named_metrics = [describe(kind, key)]
    device.save()
    return device.metrics.get()


def run(metric, start, hours, power):
    """Let a counter count `power` Wh an hour, every five minutes, from `start` on."""
    steps = np.arange(hours * 12 + 1)
    instants = to_micros(start) + steps * 300_000_000
    metric.expected_interval = 300
    metric.save()
    get_store().append(
        ReadingBatch.of(np.full(steps.size, metric.pk), instants, 1_000 + steps * power / 12)
    )


def run_hourly(metric, start, hours, power):
    """The same with a reading an hour, for long periods."""
    steps = np.arange(hours + 1)
    metric.expected_interval = 3_600
    metric.save()
    instants = to_micros(start) + steps * 3_600_000_000
    values = 1_000.0 + steps * power
    get_store().append(ReadingBatch.of(np.full(steps.size, metric.pk), instants, values))

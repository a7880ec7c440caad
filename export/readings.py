"""Raw readings for an export: Metric by Metric, in time, a bounded page of them at once."""

from collections.abc import Iterator, Sequence

from energy.instants import MICROS_PER_SECOND
from history import get_store
from history.arrays import Samples
from history.buckets import Window
from history.store import BLOCK
from metrics.models import Metric

PAGE = 100_000  # readings in memory at once

Page = list[tuple[Metric, Samples]]


def pages(metrics: Sequence[Metric], window: Window) -> Iterator[Page]:
    """All readings of the window, by Metric id, then time; no page without any."""
    for group in _groups(sorted(metrics, key=lambda metric: metric.pk), window):
        by_id = {metric.pk: metric for metric in group}
        store, position, more = get_store(), None, True
        while more:
            page = store.read_page(list(by_id), *window, after=position, limit=PAGE)
            found = [(by_id[pk], samples) for pk, samples in sorted(page.samples.items())]
            if filled := [(metric, samples) for metric, samples in found if len(samples)]:
                yield filled
            position, more = page.position, page.position is not None


def count(metrics: Sequence[Metric], window: Window) -> int:
    """How many readings the window has."""
    ids = [metric.pk for metric in metrics]
    blocks = (ids[begin : begin + BLOCK] for begin in range(0, len(ids), BLOCK))
    return sum(get_store().count(block, *window) for block in blocks)


def _groups(metrics: Sequence[Metric], window: Window) -> Iterator[Sequence[Metric]]:
    """Metrics that fill about a page together, as far as they keep to their interval.

    The store looks for the next page among the Metrics it is asked for: few of them for a long
    window, more for a short one.
    """
    group: list[Metric] = []
    expected = 0
    for metric in metrics:
        expected += (window.end - window.start) // (metric.expected_interval * MICROS_PER_SECOND)
        group.append(metric)
        if expected >= PAGE or len(group) == BLOCK:
            yield group
            group, expected = [], 0
    if group:
        yield group

"""Raw readings for an export: Metric by Metric, in time, a bounded page of them at once."""

from collections.abc import Iterator, Mapping

from metrics.history import get_store
from metrics.history.arrays import Samples
from metrics.models import Metric
from metrics.timeseries.windows import Window

PAGE = 100_000  # readings in memory at once

Page = list[tuple[Metric, Samples]]


def pages(metrics: Mapping[int, Metric], window: Window) -> Iterator[Page]:
    """All readings of the window, by Metric id, then time; no page without any."""
    store, position = get_store(), None
    while True:
        page = store.read_page(list(metrics), *window, after=position, limit=PAGE)
        found = [(metrics[pk], samples) for pk, samples in sorted(page.samples.items())]
        if filled := [(metric, samples) for metric, samples in found if len(samples)]:
            yield filled
        if page.position is None:
            return
        position = page.position

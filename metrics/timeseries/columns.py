"""Summaries filled in from the history store: from quarter hours where they tell, or readings."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from metrics.history import get_store
from metrics.history.arrays import Floats, Samples
from metrics.history.base import BLOCK, Wanted
from metrics.history.quarters import Quarters
from metrics.timeseries.summaries import Summary

Columns = dict[str, Floats]


def columns_of(summaries: Sequence[Summary], *, envelope: bool, fill: str) -> Iterator[Columns]:
    """The columns of each summary (`Summary.columns`), which all have the same buckets.

    Holds one block of Metrics of each kind at a time.
    """
    found = _found(summaries, envelope)
    for summary in summaries:
        yield summary.columns(next(found), envelope=envelope, fill=fill)


def _found(summaries: Sequence[Summary], envelope: bool) -> Iterator[Samples | Quarters]:
    if not summaries:
        return
    first, store = summaries[0], get_store()
    start, end = first.buckets.edges[[0, -1]].tolist()
    wanted = [summary.wanted(envelope=envelope) for summary in summaries]
    ids = [summary.metric.pk for summary, each in zip(summaries, wanted, strict=True) if not each]
    # More than a block come in blocks of one kind: what one of a block needs is fetched for all.
    apart = len(wanted) > BLOCK
    kinds: dict[str, list[Wanted]] = defaultdict(list)
    for each in wanted:
        if each:
            kinds[each.what if apart else ""].append(each)
    by_quarters = {
        kind: store.read_quarters(told, start, end, known_until=first.known_until)
        for kind, told in kinds.items()
    }
    by_readings = store.read_blocks(ids, start, end, with_neighbours=True)
    for each in wanted:
        yield next(by_quarters[each.what if apart else ""] if each else by_readings)[1]

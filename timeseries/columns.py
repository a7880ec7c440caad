"""Summaries filled in from the history store: from quarter hours where they tell, or readings."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from history import get_store
from history.arrays import Floats, Samples
from history.rollups import Quarters
from history.store import BLOCK, Wanted
from timeseries.summaries import Summary

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

    def kind(each: Wanted) -> str:
        # Many come in blocks of one kind: what one of a block needs is fetched for all of it.
        return each.what if len(wanted) > BLOCK else "any"

    told: dict[str, list[Wanted]] = defaultdict(list)
    for each in filter(None, wanted):
        told[kind(each)].append(each)
    by_quarters = {
        name: store.read_quarters(some, start, end, known_until=first.known_until)
        for name, some in told.items()
    }
    by_readings = store.read_blocks(ids, start, end, with_neighbours=True)
    for asked in wanted:
        yield next(by_quarters[kind(asked)] if asked else by_readings)[1]

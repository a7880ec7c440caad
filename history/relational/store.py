"""History in the relational database: the same design on SQLite and PostgreSQL.

Everything that arrives, in order or late, is one upsert into a table keyed by (Metric, timestamp),
in the caller's transaction. These hot rows are few: what is older than two days is sealed, a Metric
and UTC day in one row of compressed arrays (`history.relational`). Reading sees both, and of one
instant the hot row: a correction of a sealed day is right at once.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeVar

from history import merge
from history.arrays import ReadingBatch, Samples
from history.buckets import DAY
from history.relational import chunks, reading, sealing, summing
from history.relational.backend import database
from history.rollups import Quarters
from history.store import BLOCK, HistoryStore, Page, Position, Wanted
from metrics.models import Metric

_DAYS_AT_ONCE = 2_048  # whose quarter hours are: 12 MB
_BEGINNING, _END = -(2**62), 2**62  # of time

Item = TypeVar("Item")


class RelationalStore(HistoryStore):
    """Readings as rows of the default database."""

    seals = True

    def append(self, batch: ReadingBatch) -> None:
        if len(batch):
            database().upsert(batch.deduplicated())

    def append_history(self, batch: ReadingBatch, now: int) -> None:
        self.append(sealing.append(batch, now))

    def seal(self, now: int, *, rest: float = 0) -> int:
        return sealing.seal(now, rest)

    def read(
        self, metric_ids: Sequence[int], start: int, end: int, *, with_neighbours: bool = False
    ) -> dict[int, Samples]:
        samples = dict.fromkeys(metric_ids, Samples.empty())
        for block in _blocks(metric_ids, BLOCK):
            samples |= reading.read(block, start, end, with_neighbours=with_neighbours)
        return samples

    def read_blocks(
        self, metric_ids: Sequence[int], start: int, end: int, *, with_neighbours: bool = False
    ) -> Iterator[tuple[int, Samples]]:
        for block in _blocks(metric_ids, BLOCK):
            for part in _of_equal_weight(block, start, end):
                found = self.read(part, start, end, with_neighbours=with_neighbours)
                yield from ((metric_id, found[metric_id]) for metric_id in part)

    def read_page(
        self,
        metric_ids: Sequence[int],
        start: int,
        end: int,
        *,
        after: Position | None = None,
        limit: int,
    ) -> Page:
        samples: dict[int, Samples] = {}
        wanted = sorted(set(metric_ids))
        missing = limit + 1  # one more tells whether this page is the last
        if after is not None:
            if after.metric_id in wanted:
                samples = _first([after.metric_id], max(start, after.timestamp + 1), end, missing)
            wanted = [metric_id for metric_id in wanted if metric_id > after.metric_id]
        for block in _blocks(wanted, _fitting(start, end)):
            missing = limit + 1 - sum(map(len, samples.values()))
            if not missing:
                break
            samples |= _first(block, start, end, missing)
        return _page(samples, limit)

    def read_quarters(
        self, wanted: Sequence[Wanted], start: int, end: int, *, known_until: int
    ) -> Iterator[tuple[int, Quarters | Samples]]:
        if end // DAY <= -(-start // DAY):
            yield from super().read_quarters(wanted, start, end, known_until=known_until)
            return
        for block in _blocks(wanted, _fitting(start, end)):
            yield from summing.read_quarters(block, start, end, known_until)

    def delete(
        self, metric_ids: Sequence[int], start: int | None = None, end: int | None = None
    ) -> int:
        window = _BEGINNING if start is None else start, _END if end is None else end
        return sum(sealing.delete(block, *window) for block in _blocks(metric_ids, BLOCK))

    def count(
        self, metric_ids: Sequence[int], start: int | None = None, end: int | None = None
    ) -> int:
        window = _BEGINNING if start is None else start, _END if end is None else end
        return sum(reading.count(block, *window) for block in _blocks(metric_ids, BLOCK))

    def prune(self, before: int, metric_ids: Sequence[int] | None = None) -> int:
        return self.delete(_all() if metric_ids is None else metric_ids, None, before)

    def prunable(self, before: int, metric_ids: Sequence[int] | None = None) -> int:
        return self.count(_all() if metric_ids is None else metric_ids, None, before)


def _all() -> list[int]:
    return list(Metric.objects.order_by("pk").values_list("pk", flat=True))


def _blocks(items: Sequence[Item], size: int) -> list[Sequence[Item]]:
    return [items[begin : begin + size] for begin in range(0, len(items), size)]


def _fitting(start: int, end: int) -> int:
    """How many Metrics have no more than _DAYS_AT_ONCE days together."""
    return min(BLOCK, max(1, _DAYS_AT_ONCE // (end // DAY - start // DAY + 1)))


def _of_equal_weight(metric_ids: Sequence[int], start: int, end: int) -> Iterator[list[int]]:
    """The Metrics in the order given, together while they have not too many sealed readings.

    Nobody needs to count them where one a second would not be too many.
    """
    sizes = dict.fromkeys(metric_ids, 0)
    if reading.are_few(metric_ids, start, end):
        yield list(metric_ids)
        return
    for metric_id, _, n in chunks.headers(metric_ids, start // DAY, (end - 1) // DAY):
        sizes[metric_id] += n
    part: list[int] = []
    room = reading.AT_ONCE
    for metric_id in metric_ids:
        if part and sizes[metric_id] > room:
            yield part
            part, room = [], reading.AT_ONCE
        part.append(metric_id)
        room -= sizes[metric_id]
    if part:
        yield part


def _first(metric_ids: Sequence[int], start: int, end: int, limit: int) -> dict[int, Samples]:
    if start >= end:
        return {}
    return merge.first(reading.read_first(metric_ids, start, end, limit), limit)


def _page(samples: Mapping[int, Samples], limit: int) -> Page:
    """At most `limit` readings, and the position behind them where there are more."""
    if sum(map(len, samples.values())) <= limit:
        return Page(samples, None)
    last = max(samples)
    kept = len(samples[last]) - 1
    shown = dict(samples)
    shown[last] = Samples(samples[last].timestamps[:kept], samples[last].values[:kept])
    if not kept:
        del shown[last]
        last = max(shown)
    return Page(shown, Position(last, int(shown[last].timestamps[-1])))

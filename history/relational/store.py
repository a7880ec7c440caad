"""History in the relational database: the same design on SQLite and PostgreSQL.

Everything that arrives, in order or late, is one upsert into a table keyed by (Metric, timestamp),
in the caller's transaction. This head has few rows: what is older than two days is sealed, a Metric
and UTC day in one row of compressed arrays, a chunk. Reading merges both, and where both have an
instant the head wins: a correction of a sealed day is right at once.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from history.arrays import Ints, ReadingBatch, Samples
from history.blocks import by_weight, in_blocks
from history.buckets import DAY
from history.counters import Rules
from history.counting import BEGINNING, END, Kept
from history.relational import reading, sealing, series
from history.relational.backend import backend
from history.relational.states import kept_states
from history.series import BucketedSeries
from history.store import BLOCK, READINGS_AT_ONCE, HistoryStore, SeriesQuery

_DAYS_AT_ONCE = 2_048  # of which rollups are in memory: 12 MB


class RelationalStore(HistoryStore):
    """Readings as rows of the default database."""

    def append(self, batch: ReadingBatch) -> ReadingBatch:
        readings = batch.deduplicated()
        if len(readings):
            backend().upsert(readings)
        return readings

    def append_history(self, batch: ReadingBatch, now: int) -> ReadingBatch:
        readings = batch.deduplicated()
        if len(recent := sealing.append(readings, now)):
            backend().upsert(recent)
        return readings

    def seal(self, now: int, *, rest: float = 0) -> int:
        return sealing.seal(now, rest)

    def read(
        self, metric_ids: Sequence[int], start: int, end: int, *, with_neighbours: bool = False
    ) -> dict[int, Samples]:
        samples = dict.fromkeys(metric_ids, Samples.empty())
        for block in in_blocks(metric_ids, BLOCK):
            samples |= reading.read(block, start, end, with_neighbours=with_neighbours)
        return samples

    def read_blocks(
        self, metric_ids: Sequence[int], start: int, end: int, *, with_neighbours: bool = False
    ) -> Iterator[tuple[int, Samples]]:
        for block in in_blocks(metric_ids, BLOCK):
            for part in by_weight(block, reading.weights(block, start, end), READINGS_AT_ONCE):
                found = self.read(part, start, end, with_neighbours=with_neighbours)
                yield from ((metric_id, found[metric_id]) for metric_id in part)

    def metrics_at_once(self, start: int, end: int) -> int:
        days = end // DAY - start // DAY + 1
        return min(BLOCK, max(1, _DAYS_AT_ONCE // days))

    def read_first(
        self, metric_ids: Sequence[int], start: int, end: int, limit: int
    ) -> dict[int, Samples]:
        return reading.read_first(metric_ids, start, end, limit)

    def read_series(
        self, queries: Sequence[SeriesQuery], edges: Ints, *, known_until: int
    ) -> Iterator[tuple[int, BucketedSeries]]:
        if not series.may_tell(edges):
            yield from self.series_of_readings(queries, edges, known_until=known_until)
            return

        def kind(query: SeriesQuery) -> str:
            # Many come in blocks of one kind: what one of a block needs is fetched for all of it.
            is_alike = query.needs != "readings" and len(queries) <= BLOCK
            return "rollups" if is_alike else query.needs

        kinds: dict[str, list[SeriesQuery]] = defaultdict(list)
        for query in queries:
            kinds[kind(query)].append(query)
        found = {name: self._read_kind(some, edges, known_until) for name, some in kinds.items()}
        for query in queries:
            yield next(found[kind(query)])

    def _read_kind(
        self, queries: Sequence[SeriesQuery], edges: Ints, known_until: int
    ) -> Iterator[tuple[int, BucketedSeries]]:
        if queries[0].needs == "readings":
            yield from self.series_of_readings(queries, edges, known_until=known_until)
            return
        for block in in_blocks(queries, self.metrics_at_once(*edges[[0, -1]].tolist())):
            yield from series.BlockReader(block, edges, known_until, self).read()

    def delete(
        self, metric_ids: Sequence[int], start: int | None = None, end: int | None = None
    ) -> int:
        window = BEGINNING if start is None else start, END if end is None else end
        return sum(sealing.delete(block, *window) for block in in_blocks(metric_ids, BLOCK))

    def prune(self, metric_ids: Sequence[int], before: int) -> int:
        return sum(sealing.prune(block, before) for block in in_blocks(metric_ids, BLOCK))

    def kept_states(self, rules: Mapping[int, Rules], instant: int) -> dict[int, Kept]:
        return kept_states(rules, instant)

    def count(
        self, metric_ids: Sequence[int], start: int | None = None, end: int | None = None
    ) -> int:
        window = BEGINNING if start is None else start, END if end is None else end
        return sum(reading.count(block, *window) for block in in_blocks(metric_ids, BLOCK))

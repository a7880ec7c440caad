"""History on ClickHouse, for when one machine is outgrown, or on the embedded chDB.

Readings arrive in the relational spool, are seen from there at once, and are moved on in blocks
(`history.clickhouse.spool`): ClickHouse being away refuses no reading. It keeps every version of a
reading that was written and answers with the one of the greatest number, merged or not, because
every query says FINAL.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
from django.core.checks import CheckMessage, Error
from django.db import transaction

from energy.errors import HistoryAway
from energy.instants import MICROS_PER_SECOND
from history.arrays import ReadingBatch, Samples
from history.buckets import DAY
from history.clickhouse import schema, spool
from history.clickhouse.conditions import Deletions, covered, visible, window
from history.clickhouse.server import Address, Server
from history.merge import first, overlay
from history.merge import with_neighbours as between
from history.models import Chunk, Reading, Tombstone
from history.relational.backend import database
from history.resting import with_rests
from history.store import BLOCK, NEIGHBOURS_BEFORE, HistoryStore, Page, Position

BULK_BLOCK = 1_000_000
# A deletion is carried out when nobody can still be writing what it covers.
SETTLED_AFTER = 3_600 * MICROS_PER_SECOND
_DELETIONS_AT_ONCE = 200
_READINGS_AT_ONCE = 1_000_000  # held in memory, where one Metric alone has not more: 50 MB
# How far to look for the neighbours of a window; most have them within a day.
_REACHES = (DAY, 32 * DAY, None)
_TYPES = {"metric": "Int64", "timestamp": "Int64", "value": "Float64", "version": "UInt64"}


class ClickHouseStore(HistoryStore):
    """Readings in ClickHouse, under those that are still spooled."""

    seals = True

    def __init__(self, url: str) -> None:
        self.server = Server(Address.of(url))
        self._table = schema.qualified(self.server.address, schema.TABLE)

    def check(self) -> list[CheckMessage]:
        if missing := self.server.missing_library:
            return [
                Error(
                    f"HISTORY_URL asks for a store that needs the package {missing}.",
                    hint="Install requirements-clickhouse.txt"
                    + (", and requirements-chdb.txt." if self.server.address.path else "."),
                    id="history.E002",
                )
            ]
        return []

    def migrate(self) -> list[str]:
        return schema.migrate(self.server)

    def close(self) -> None:
        self.server.close()

    # Writing -----------------------------------------------------------------------------------

    def append(self, batch: ReadingBatch) -> None:
        if len(batch):
            database().upsert(batch.deduplicated())

    def append_history(self, batch: ReadingBatch, now: int) -> None:
        """Write past the spool. Not undone by a rollback: call it outside of transactions."""
        readings = batch.deduplicated()
        if not self.server.address.path:
            return self._write(readings)
        # The embedded engine serves one process at a time, and this may not be the one that asks.
        try:
            self._write(readings)
        except HistoryAway:
            self.append(readings)
        finally:
            self.close()
        return None

    def _write(self, readings: ReadingBatch) -> None:
        with transaction.atomic():
            version = spool.next_version()
            spool.overwrite(readings)
        for part in spool.parts(readings, BULK_BLOCK):
            self._insert(part, version)

    def seal(self, now: int, *, rest: float = 0) -> int:
        """Move what is spooled, block by block, then carry out old deletions.

        Returns how many readings were moved. Stops early where a deletion or another mover comes
        between; the next run goes on. Raises HistoryAway, and loses nothing, when ClickHouse does
        not answer.
        """
        moved = self._move(rest) if Reading.objects.exists() else 0
        self._carry_out_deletions(now - SETTLED_AFTER)
        return moved

    def delete(
        self, metric_ids: Sequence[int], start: int | None = None, end: int | None = None
    ) -> int:
        deleted = self.count(metric_ids, start, end)
        spool.record_deletion(metric_ids, start, end)
        return deleted

    def forget(self, metric_ids: Sequence[int]) -> None:
        spool.record_deletion(metric_ids, None, None)
        # What the relational store has sealed, if history was kept there before.
        Chunk.objects.filter(metric_id__in=metric_ids).delete()

    def prunable(self, before: int, metric_ids: Sequence[int] | None = None) -> int:
        if metric_ids is None:
            return self._count(None, None, before)
        return self.count(metric_ids, None, before)

    def prune(self, before: int, metric_ids: Sequence[int] | None = None) -> int:
        pruned = self.prunable(before, metric_ids)
        spool.record_deletion(metric_ids, None, before)
        return pruned

    def _move(self, rest: float) -> int:
        moved = 0
        version = spool.next_version()
        for block in with_rests(spool.blocks(), rest):
            self._insert(block, version)
            if not spool.remove(block, version):
                break
            moved += len(block)
        return moved

    def _insert(self, batch: ReadingBatch, version: int) -> None:
        versions = np.full(len(batch), version, np.uint64)
        columns = [batch.metric_ids, batch.timestamps, batch.values, versions]
        self.server.insert(schema.TABLE, _TYPES, columns)

    def _carry_out_deletions(self, until: int) -> None:
        address = self.server.address
        table, cluster = schema.stored_table(address), schema.on_cluster(address)
        settled = Tombstone.objects.filter(version__lt=until).order_by("pk")
        while some := list(settled[:_DELETIONS_AT_ONCE]):
            where = " OR ".join(f"({covered(deletion)})" for deletion in some)
            self.server.command(f"DELETE FROM {table}{cluster} WHERE {where}")
            Tombstone.objects.filter(pk__in=[deletion.pk for deletion in some]).delete()

    # Reading: the spool first. A reading moved meanwhile is then seen twice, never missed. --------

    def read(
        self, metric_ids: Sequence[int], start: int, end: int, *, with_neighbours: bool = False
    ) -> dict[int, Samples]:
        samples = dict.fromkeys(metric_ids, Samples.empty())
        for block in _blocks(metric_ids):
            spooled = database().select(block, start, end)
            near = database().neighbours(block, start, end) if with_neighbours else {}
            hidden = spool.deletions(block)
            where = visible(block, start, end, hidden)
            stored = self._query(where, "ORDER BY metric, timestamp").by_metric()
            samples |= overlay(stored, spooled)
            if with_neighbours:
                around = overlay(self._neighbours(block, start, end, hidden), near)
                for metric_id, nearest in around.items():
                    samples[metric_id] = between(
                        samples[metric_id], nearest, start, NEIGHBOURS_BEFORE
                    )
        return samples

    def read_blocks(
        self, metric_ids: Sequence[int], start: int, end: int, *, with_neighbours: bool = False
    ) -> Iterator[tuple[int, Samples]]:
        for block in _blocks(metric_ids):
            for part in self._of_equal_weight(block, start, end):
                found = self.read(part, start, end, with_neighbours=with_neighbours)
                yield from ((metric_id, found[metric_id]) for metric_id in part)

    def _of_equal_weight(
        self, metric_ids: Sequence[int], start: int, end: int
    ) -> Iterator[Sequence[int]]:
        """The Metrics in the order given, together while they have not too many readings."""
        where = " AND ".join(window(metric_ids, start, end))
        rows = self.server.rows(
            f"SELECT metric, count() AS size FROM {self._table} WHERE {where} GROUP BY metric"
        )
        sizes = dict(rows.tolist())
        running = np.cumsum([sizes.get(metric_id, 0) for metric_id in metric_ids])
        cuts = np.flatnonzero(np.diff(running // _READINGS_AT_ONCE)) + 1
        bounds = [0, *cuts.tolist(), len(metric_ids)]
        yield from (metric_ids[low:high] for low, high in pairwise(bounds))

    def read_page(
        self,
        metric_ids: Sequence[int],
        start: int,
        end: int,
        *,
        after: Position | None = None,
        limit: int,
    ) -> Page:
        wanted = sorted(set(metric_ids))
        found: dict[int, Samples] = {}
        if after is not None:
            if after.metric_id in wanted:
                found = self._first([after.metric_id], max(start, after.timestamp + 1), end, limit)
            wanted = [metric_id for metric_id in wanted if metric_id > after.metric_id]
        for block in _blocks(wanted):
            missing = limit + 1 - sum(map(len, found.values()))  # one more tells of another page
            if missing <= 0:
                break
            found |= self._first(block, start, end, missing - 1)
        shown = {m: s for m, s in first(found, limit).items() if len(s)}
        if sum(map(len, found.values())) <= limit:
            return Page(shown, None)
        last = max(shown)
        return Page(shown, Position(last, int(shown[last].timestamps[-1])))

    def count(
        self, metric_ids: Sequence[int], start: int | None = None, end: int | None = None
    ) -> int:
        return sum(self._count(block, start, end) for block in _blocks(list(metric_ids)))

    def _count(self, metric_ids: Sequence[int] | None, start: int | None, end: int | None) -> int:
        counted = 0
        for keys in spool.keys(metric_ids, start, end):
            counted += len(keys) - self._known(keys)
        hidden = spool.deletions(metric_ids)
        return counted + self._counted(visible(metric_ids, start, end, hidden))

    def _known(self, keys: ReadingBatch) -> int:
        """How many of these readings, of whatever value, are in ClickHouse too."""
        pairs = zip(keys.metric_ids.tolist(), keys.timestamps.tolist(), strict=True)
        listed = ", ".join(f"({metric_id}, {timestamp})" for metric_id, timestamp in pairs)
        metric_ids = np.unique(keys.metric_ids).tolist()
        where = visible(metric_ids, None, None, spool.deletions(metric_ids))
        return self._counted(f"(metric, timestamp) IN ({listed}) AND {where}")

    def _counted(self, where: str) -> int:
        return int(self.server.command(f"SELECT count() FROM {self._table} FINAL WHERE {where}"))

    def _first(
        self, metric_ids: Sequence[int], start: int, end: int, limit: int
    ) -> dict[int, Samples]:
        """The first `limit` readings of [start, end), and one more where there are more."""
        spooled = database().select_first(metric_ids, start, end, limit + 1)
        where = visible(metric_ids, start, end, spool.deletions(metric_ids))
        stored = self._query(where, f"ORDER BY metric, timestamp LIMIT {limit + 1}")
        return first(overlay(stored.by_metric(), spooled), limit + 1)

    def _neighbours(
        self, metric_ids: Sequence[int], start: int, end: int, hidden: Deletions
    ) -> dict[int, Samples]:
        before = self._nearest(metric_ids, start, hidden, before=NEIGHBOURS_BEFORE)
        return overlay(before, self._nearest(metric_ids, end, hidden))

    def _nearest(
        self, metric_ids: Sequence[int], instant: int, hidden: Deletions, *, before: int = 0
    ) -> dict[int, Samples]:
        """The last readings `before` the instant, as many of each Metric; or the first from it."""
        found: dict[int, Samples] = {}
        order, limit = ("DESC", before) if before else ("ASC", 1)
        for reach in _REACHES:
            missing = [m for m in metric_ids if len(found.get(m, ())) < limit]
            if not missing:
                break
            far = None if reach is None else instant - reach if before else instant + reach
            low, high = (far, instant) if before else (instant, far)
            tail = f"ORDER BY metric, timestamp {order} LIMIT {limit} BY metric"
            found |= self._query(visible(missing, low, high, hidden), tail).by_metric()
        return found

    def _query(self, where: str, tail: str) -> ReadingBatch:
        rows = self.server.rows(
            f"SELECT metric, timestamp, value FROM {self._table} FINAL WHERE {where} {tail}"
        )
        if not rows.size:
            return ReadingBatch.of([], [], [])
        names = ("metric", "timestamp", "value")
        return ReadingBatch(*(np.ascontiguousarray(rows[name]) for name in names))


def _blocks(metric_ids: Sequence[int]) -> list[Sequence[int]]:
    return [metric_ids[begin : begin + BLOCK] for begin in range(0, len(metric_ids), BLOCK)]

"""History on ClickHouse, for when one machine is outgrown, or on the embedded chDB.

Readings arrive in the relational spool, are seen from there at once, and are moved on in blocks
(`history.clickhouse.spool`): ClickHouse being away refuses no reading. It keeps every version of a
reading that was written and answers with the one of the greatest number, merged or not, because
every query says FINAL.
"""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from django.core.checks import CheckMessage, Error
from django.db import transaction

from energy.errors import HistoryAway
from energy.instants import MICROS_PER_SECOND
from history.arrays import ReadingBatch, Samples
from history.blocks import by_weight, in_blocks
from history.buckets import DAY
from history.clickhouse import checkpoints, schema, spool, versions
from history.clickhouse.conditions import Deletions, covered, visible, window
from history.clickhouse.server import Address, Server
from history.counters import Rules
from history.counting import BEGINNING, END, Kept
from history.merge import merged
from history.models import Chunk, Reading, Tombstone
from history.relational.backend import backend
from history.resting import with_rests
from history.store import BLOCK, READINGS_AT_ONCE, HistoryStore

BULK_BLOCK = 1_000_000
# A deletion is carried out when nobody can still be writing what it covers.
SETTLED_AFTER = 3_600 * MICROS_PER_SECOND
_DELETIONS_AT_ONCE = 200
# How far to look for the neighbours of a window; most have them within a day.
_REACHES = (DAY, 32 * DAY, None)
_TYPES = {"metric": "Int64", "timestamp": "Int64", "value": "Float64", "version": "UInt64"}


class ClickHouseStore(HistoryStore):
    """Readings in ClickHouse, under those that are still spooled."""

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

    def append(self, batch: ReadingBatch) -> ReadingBatch:
        readings = batch.deduplicated()
        if len(readings):
            backend().upsert(readings)
        return readings

    def append_history(self, batch: ReadingBatch, now: int) -> ReadingBatch:
        """Write past the spool. Not undone by a rollback: call it outside of transactions."""
        readings = batch.deduplicated()
        if not self.server.address.path:
            self._write(readings)
            return readings
        # The embedded engine serves one process at a time, and this may not be the one that asks.
        try:
            self._write(readings)
        except HistoryAway:
            backend().upsert(readings)
        finally:
            self.close()
        return readings

    def _write(self, readings: ReadingBatch) -> None:
        with transaction.atomic():
            version = versions.next_version()
            backend().overwrite(readings)
            checkpoints.drop_behind(readings)
        for part in in_blocks(readings, BULK_BLOCK):
            self._insert(part, version)
        with transaction.atomic():
            # A mover may have computed them without what was being written.
            versions.next_version()
            checkpoints.drop_behind(readings)

    def seal(self, now: int, *, rest: float = 0) -> int:
        """Move what is spooled, block by block, then write checkpoints and carry out old deletions.

        Returns how many readings were moved. Stops early where a deletion or another mover comes
        between; the next run goes on. Raises HistoryAway, and loses nothing, when ClickHouse does
        not answer.
        """
        moved = self._move(rest) if Reading.objects.exists() else 0
        checkpoints.write(self, now)
        self._carry_out_deletions(now - SETTLED_AFTER)
        return moved

    def delete(
        self, metric_ids: Sequence[int], start: int | None = None, end: int | None = None
    ) -> int:
        deleted = self.count(metric_ids, start, end)
        with transaction.atomic():
            spool.record_deletion(metric_ids, start, end)
            checkpoints.drop(metric_ids, start)
        return deleted

    def prune(self, metric_ids: Sequence[int], before: int) -> int:
        pruned = self.count(metric_ids, None, before)
        spool.record_deletion(metric_ids, None, before)
        checkpoints.thin(metric_ids, before)
        return pruned

    def kept_states(self, rules: Mapping[int, Rules], instant: int) -> dict[int, Kept]:
        return checkpoints.kept_states(rules, instant)

    def forget(self, metric_ids: Sequence[int]) -> None:
        spool.record_deletion(metric_ids, None, None)
        checkpoints.drop(metric_ids, None)
        # What the relational store has sealed, if history was kept there before.
        Chunk.objects.filter(metric_id__in=metric_ids).delete()

    def _move(self, rest: float) -> int:
        moved = 0
        version = versions.next_version()
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
        for block in in_blocks(metric_ids, BLOCK):
            spooled = backend().select(block, start, end)
            if with_neighbours:
                spooled = merged(spooled, backend().neighbours(block, start, end))
            hidden = spool.deletions(block)
            where = visible(block, start, end, hidden)
            stored = self._query(where, "ORDER BY metric, timestamp").by_metric()
            if with_neighbours:
                stored = merged(stored, self._neighbours(block, start, end, hidden))
            cut = Samples.around if with_neighbours else Samples.within
            for metric_id, found in merged(stored, spooled).items():
                samples[metric_id] = cut(found, start, end)
        return samples

    def read_blocks(
        self, metric_ids: Sequence[int], start: int, end: int, *, with_neighbours: bool = False
    ) -> Iterator[tuple[int, Samples]]:
        for block in in_blocks(metric_ids, BLOCK):
            for part in by_weight(block, self._weights(block, start, end), READINGS_AT_ONCE):
                found = self.read(part, start, end, with_neighbours=with_neighbours)
                yield from ((metric_id, found[metric_id]) for metric_id in part)

    def _weights(self, metric_ids: Sequence[int], start: int, end: int) -> dict[int, int]:
        """About how many readings of [start, end) the Metrics have that have any."""
        where = " AND ".join(window(metric_ids, start, end))
        rows = self.server.rows(
            f"SELECT metric, count() AS size FROM {self._table} WHERE {where} GROUP BY metric"
        )
        return dict(rows.tolist())

    def count(
        self, metric_ids: Sequence[int], start: int | None = None, end: int | None = None
    ) -> int:
        window = BEGINNING if start is None else start, END if end is None else end
        return sum(self._count(block, *window) for block in in_blocks(metric_ids, BLOCK))

    def _count(self, metric_ids: Sequence[int], start: int, end: int) -> int:
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

    def read_first(
        self, metric_ids: Sequence[int], start: int, end: int, limit: int
    ) -> dict[int, Samples]:
        spooled = backend().select_first(metric_ids, start, end, limit)
        where = visible(metric_ids, start, end, spool.deletions(metric_ids))
        stored = self._query(where, f"ORDER BY metric, timestamp LIMIT {limit}")
        return merged(stored.by_metric(), spooled)

    def _neighbours(
        self, metric_ids: Sequence[int], start: int, end: int, hidden: Deletions
    ) -> dict[int, Samples]:
        before = self._nearest(metric_ids, start, hidden, before=True)
        return merged(before, self._nearest(metric_ids, end, hidden))

    def _nearest(
        self, metric_ids: Sequence[int], instant: int, hidden: Deletions, *, before: bool = False
    ) -> dict[int, Samples]:
        """The last reading `before` the instant, or the first from it on."""
        found: dict[int, Samples] = {}
        order = "DESC" if before else "ASC"
        for reach in _REACHES:
            missing = [metric_id for metric_id in metric_ids if metric_id not in found]
            if not missing:
                break
            far = None if reach is None else instant - reach if before else instant + reach
            low, high = (far, instant) if before else (instant, far)
            tail = f"ORDER BY metric, timestamp {order} LIMIT 1 BY metric"
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

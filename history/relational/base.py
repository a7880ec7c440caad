"""The default database as history uses it. Its vendor's SQL stands in the vendor's class.

The class lies here, below `ingest`, because nearly all of its statements are about the tables of
this app; the layers below have none that differ but a list of ids as one parameter, which is an
expression of Django's (`metrics.querysets.IdList`).
"""

from abc import ABC, abstractmethod
from collections.abc import Collection, Sequence
from typing import Any, ClassVar

import numpy as np
from django.core.exceptions import EmptyResultSet
from django.db.models import QuerySet
from numpy.typing import NDArray

from energy.instants import MICROS_PER_SECOND
from history.arrays import Ints, ReadingBatch, Samples
from metrics.freshness import CLOCK_TOLERANCE

# Whether a reading that arrives takes the place of the latest: those that were not ahead of the
# clock come behind all that were, then the newest; the same again is a correction.
_TOLERANCE = CLOCK_TOLERANCE * MICROS_PER_SECOND
TAKES_LATEST = f"""
    excluded.timestamp = metrics_latest.timestamp
    OR (excluded.timestamp <= excluded.received_at + {_TOLERANCE}, excluded.timestamp)
        > (metrics_latest.timestamp <= metrics_latest.received_at + {_TOLERANCE},
           metrics_latest.timestamp)
"""

Row = tuple[Any, ...]
Pair = tuple[int, int]  # a Metric's id and a day


class Backend(ABC):
    """What is asked of the database about history, in statements that a subclass brings.

    Instants are microseconds since the Unix epoch, windows half-open, days UTC days since the
    epoch. Everything happens in the caller's transaction.
    """

    # Statements about the head that `run_each` gets the rows of arrays for.
    UPSERT: ClassVar[str]
    OVERWRITE: ClassVar[str]
    REMOVE_EQUAL: ClassVar[str]
    MOVE_LATEST: ClassVar[str]
    WRITE_CHUNKS: ClassVar[str]
    RESTATE: ClassVar[str]
    # Statements that give `readings`.
    SELECT_FIRST: ClassVar[str]
    SELECT_BEHIND: ClassVar[str]
    NEIGHBOURS: ClassVar[str]
    # Statements that give rows.
    REMOVE: ClassVar[str]
    HEAD_SIZES: ClassVar[str]
    ROLLUPS: ClassVar[str]
    CHUNKS: ClassVar[str]
    CHOSEN_CHUNKS: ClassVar[str]
    CHUNKS_AROUND: ClassVar[str]
    STATES: ClassVar[str]
    NEXT_CHUNKS: ClassVar[str]
    OLDEST = """
        SELECT id, oldest FROM (
            SELECT id, (SELECT min(timestamp) FROM history_reading AS r
                        WHERE r.metric_id = m.id AND timestamp >= %s) AS oldest
            FROM metrics_metric AS m) AS first
        WHERE oldest < %s
    """

    # How statements are run ----------------------------------------------------------------------

    @abstractmethod
    def execute(self, statement: str, *parameters: Any) -> list[Row]:
        """Run a statement, with arrays as parameters; return the rows it gives, if any."""

    @abstractmethod
    def run_each(self, statement: str, *columns: Sequence[Any] | NDArray[Any]) -> None:
        """Run a statement that inserts or changes rows for each row of some columns."""

    @abstractmethod
    def readings(self, statement: str, *parameters: Any) -> ReadingBatch:
        """The readings that a statement gives."""

    # The head ------------------------------------------------------------------------------------

    def upsert(self, batch: ReadingBatch) -> None:
        """Insert or overwrite de-duplicated readings; those that change nothing are not written."""
        self.run_each(self.UPSERT, batch.metric_ids, batch.timestamps, batch.values)

    @abstractmethod
    def select(self, metric_ids: Sequence[int], start: int, end: int) -> dict[int, Samples]:
        """The readings of [start, end) of those Metrics that have any."""

    def select_first(
        self, metric_ids: Sequence[int], start: int, end: int, limit: int
    ) -> dict[int, Samples]:
        """The first `limit` readings of [start, end) by Metric id, then time."""
        return self.readings(self.SELECT_FIRST, _array(metric_ids), start, end, limit).by_metric()

    def select_behind(self, position: Pair, limit: int) -> ReadingBatch:
        """The first `limit` readings of all behind one, named by its Metric's id and instant."""
        return self.readings(self.SELECT_BEHIND, *position, limit)

    def neighbours(self, metric_ids: Sequence[int], start: int, end: int) -> dict[int, Samples]:
        """The nearest readings outside [start, end): the last before and the first behind."""
        return self.readings(self.NEIGHBOURS, _array(metric_ids), start, end).by_metric()

    @abstractmethod
    def take(self, metric_ids: Sequence[int], start: int, end: int) -> dict[int, Samples]:
        """Delete the readings of [start, end); return what they were."""

    def remove(self, metric_ids: Sequence[int], start: int, end: int) -> None:
        """Delete the readings of [start, end)."""
        self.execute(self.REMOVE, _array(metric_ids), start, end)

    def remove_equal(self, batch: ReadingBatch) -> None:
        """Delete the readings of a batch that have the batch's values still."""
        self.run_each(self.REMOVE_EQUAL, batch.values, batch.metric_ids, batch.timestamps)

    def overwrite(self, batch: ReadingBatch) -> None:
        """Give the readings that exist of a batch its values; add none."""
        self.run_each(self.OVERWRITE, batch.values, batch.metric_ids, batch.timestamps)

    def head_sizes(self, metric_ids: Sequence[int], start: int, end: int) -> list[Row]:
        """Metric id, day and how many readings of [start, end) it has, of days that have any."""
        return self.execute(self.HEAD_SIZES, _array(metric_ids), start, end)

    def oldest(self, since: int, before: int) -> dict[int, int]:
        """Each Metric's first reading of [since, before), of Metrics that have any."""
        return dict(self.execute(self.OLDEST, since, before))

    # Chunks --------------------------------------------------------------------------------------

    def rollups(
        self, metric_ids: Sequence[int], first: int, last: int, *, extremes: bool, counting: bool
    ) -> list[Row]:
        """Id, day, lookback, rollup and state of the chunks from one day to another.

        Without `extremes`, only those are among it that are last values too; increments and states
        only if `counting`.
        """
        wanted = extremes, counting, counting
        return self.execute(self.ROLLUPS, *wanted, _array(metric_ids), first, last)

    def chunks(self, metric_ids: Sequence[int], first: int, last: int) -> list[Row]:
        """Id, n, times and values of the chunks from one day to another, by Metric, then day."""
        return self.execute(self.CHUNKS, _array(metric_ids), first, last)

    def chosen_chunks(self, pairs: Collection[Pair]) -> list[Row]:
        """The same of some Metrics' days, as far as they are sealed."""
        return self._of_pairs(self.CHOSEN_CHUNKS, pairs)

    def chunks_around(self, metric_ids: Sequence[int], first: int, last: int) -> list[Row]:
        """The same of the nearest chunks before day `first` and behind day `last`."""
        return self.execute(self.CHUNKS_AROUND, _array(metric_ids), first, last)

    def states(self, metric_ids: Sequence[int], before: int, table: str) -> list[Row]:
        """Id, instant of the head's first reading, and the last day before one with its state.

        One row for each Metric, with None where it has nothing of the kind. `table`: that of chunks
        or of checkpoints.
        """
        statement = self.STATES.format(table=table)
        return self.execute(statement, _array(metric_ids), before)

    def next_chunks(self, pairs: Collection[Pair]) -> list[Row]:
        """Id, day, n, times, values and state of the first chunk behind a day of each Metric."""
        return self._of_pairs(self.NEXT_CHUNKS, pairs)

    def restate(self, rows: Sequence[Row]) -> None:
        """Give chunks another state and other increments; rows of these, the Metric and the day."""
        if rows:
            self.run_each(self.RESTATE, *zip(*rows, strict=True))

    @abstractmethod
    def _of_pairs(self, statement: str, pairs: Collection[Pair]) -> list[Row]:
        """Run a statement about some Metrics, each with a day."""

    def write_chunks(self, rows: Sequence[Row]) -> None:
        """Insert chunks, or put them in the place of those of the same days."""
        if rows:
            self.run_each(self.WRITE_CHUNKS, *zip(*rows, strict=True))

    # Metrics and their latest values --------------------------------------------------------------

    def move_latest(self, readings: ReadingBatch, received_at: int) -> None:
        """Move Latest to the newest of some de-duplicated readings, unless it is newer.

        A reading that is over a minute ahead of the clock when it arrives gives way to any that is
        not: it would hide what is measured until the clock has come so far.
        """
        ahead = readings.timestamps > received_at + _TOLERANCE
        for some in (readings[~ahead], readings[ahead]) if ahead.any() else (readings,):
            newest = some[np.diff(some.metric_ids, append=-1) != 0]
            if len(newest):
                received = np.full(len(newest), received_at)
                columns = newest.metric_ids, newest.values, newest.timestamps, received
                self.run_each(self.MOVE_LATEST, *columns)

    def lock_metrics(self, metrics: QuerySet[Any]) -> Ints:
        """The ids of `metrics`, ascending; none is deleted before the transaction's end."""
        ids = metrics.order_by("pk").values_list("pk", flat=True)
        try:
            return self._lock_selected(*ids.query.sql_with_params())
        except EmptyResultSet:  # Django sees that nothing can be among them
            return np.empty(0, np.int64)

    @abstractmethod
    def _lock_selected(self, select: str, parameters: tuple[Any, ...]) -> Ints:
        """Run a SELECT of ids of Metrics, and lock the Metrics in its order."""

    @abstractmethod
    def refresh_statistics(self) -> None:
        """Let the planner know the tables' sizes."""


def _array(metric_ids: Sequence[int]) -> Ints:
    return np.array(metric_ids, np.int64)

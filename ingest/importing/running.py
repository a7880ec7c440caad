"""Stores a file block by block, so that an import that was stopped goes on where it was.

A block is stored in one transaction. Whoever runs an import keeps the number of blocks that are
done; a file is read from its beginning again each time, because what a row means may depend on
those before it, and blocks that are done are passed over.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
from django.utils import timezone

from ingest.checking import check_readings
from ingest.door import receive_readings
from ingest.finding import find_metrics
from ingest.importing.mapping import Target
from ingest.layouts.reading import read_file
from ingest.layouts.understood import FileBlock, Refused, Understood
from ingest.parsed import ParsedReadings, Rejection
from ingest.sender import Sender


@dataclass(frozen=True, slots=True)
class Step:
    """What came of one block: `rows` of the file, `accepted` readings, and what was refused."""

    rows: int
    accepted: int
    refused: Sequence[Refused]


@dataclass(frozen=True, slots=True)
class ImportPlan:
    """A file, what it was taken for, where its series go, and on whose behalf."""

    file: Path
    understood: Understood
    targets: Sequence[Target]
    sender: Sender

    def check(self) -> Iterator[Step]:
        """What storing the blocks would do now; nothing is stored."""
        return map(self.check_block, self.blocks())

    def store(self, done: int = 0) -> Iterator[Step]:
        """Store the blocks behind the first `done`, each committed before it is told."""
        return map(self.store_block, islice(self.blocks(), done, None))

    def blocks(self) -> Iterator[FileBlock]:
        """What the file has of the series that are wanted."""
        return read_file(self.file, self.understood, {target.column for target in self.targets})

    def check_block(self, block: FileBlock) -> Step:
        """What storing a block would do now."""
        parsed = self._parsed(block)
        found = find_metrics(parsed.metrics, self.sender)
        seen = self.sender.metrics().among(found.ids.tolist()).values_list("pk", flat=True)
        ids = np.fromiter(seen, np.int64)
        checked = check_readings(parsed, found, ids, now=timezone.now())
        return self._step(block, len(checked.batch), checked.rejections)

    def store_block(self, block: FileBlock) -> Step:
        """Store a block, in a transaction or as a part of one."""
        received = receive_readings(
            self._parsed(block), sender=self.sender, now=timezone.now(), partial=True, in_bulk=True
        )
        return self._step(block, received.accepted, received.rejections)

    def _parsed(self, block: FileBlock) -> ParsedReadings:
        """The readings in the units of their Metrics; their positions are places in the block."""
        by_name = {target.column: target for target in self.targets}
        targets = [by_name[name] for name in block.names]
        factors = np.array([target.factor for target in targets], np.float64)
        offsets = np.array([target.offset for target in targets], np.float64)
        of = block.name_of
        return ParsedReadings(
            metrics=[target.metric.pk for target in targets],
            metric_of=of.astype(np.intp),
            timestamps=block.timestamps,
            values=block.values * factors[of] + offsets[of],
            positions=np.arange(of.size, dtype=np.int64),
        )

    def _step(self, block: FileBlock, accepted: int, rejections: Sequence[Rejection]) -> Step:
        refused = [*block.refused, *(_refused(block, each) for each in rejections)]
        return Step(block.rows, accepted, sorted(refused))


def _refused(block: FileBlock, rejection: Rejection) -> Refused:
    place = rejection.index
    name = block.names[block.name_of[place]]
    line, value = int(block.lines[place]), float(block.values[place])
    time = np.datetime64(int(block.timestamps[place]), "us").astype("datetime64[s]")
    return Refused(line, name, f"{value:g} at {time}Z", rejection.reason)

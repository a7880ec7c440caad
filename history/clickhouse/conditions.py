"""Conditions of ClickHouse statements, made of integers only."""

from collections.abc import Iterable, Iterator, Sequence

from history.models import Tombstone

Deletions = Sequence[Tombstone]


def window(metric_ids: Iterable[int], start: int | None, end: int | None) -> Iterator[str]:
    """Conditions for these Metrics in [start, end), open where None."""
    yield f"metric IN ({', '.join(str(int(metric_id)) for metric_id in metric_ids)})"
    if start is not None:
        yield f"timestamp >= {int(start)}"
    if end is not None:
        yield f"timestamp < {int(end)}"


def visible(
    metric_ids: Iterable[int], start: int | None, end: int | None, deletions: Deletions
) -> str:
    """The readings of a window that are not deleted."""
    hidden = (f"NOT ({covered(deletion)})" for deletion in deletions)
    return " AND ".join([*window(metric_ids, start, end), *hidden])


def covered(deletion: Tombstone) -> str:
    """What a deletion hides: nothing that was written later."""
    readings = window([deletion.metric_id], deletion.start, deletion.end)
    return " AND ".join([f"version <= {deletion.version}", *readings])

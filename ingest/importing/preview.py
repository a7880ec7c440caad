"""The first rows of a file, as they would be stored."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from ingest.importing.mapping import Target
from ingest.layouts.understood import PreviewRow, Understood

_COLUMNS_SHOWN = 12  # columns


@dataclass(frozen=True, slots=True)
class PreviewColumn:
    """What stands above a column: its name, and the Metric and unit it goes to, if to any."""

    column: str
    metric: str = ""
    unit: str = ""
    factor: float = 1.0
    offset: float = 0.0


@dataclass(frozen=True, slots=True)
class Preview:
    """The headings, the rows with their values below these, and how many columns are left out."""

    headings: Sequence[PreviewColumn]
    rows: Sequence[tuple[PreviewRow, list[str]]]
    more: int


def preview_of(understood: Understood, targets: Sequence[Target]) -> Preview:
    """The columns that go to a Metric, in its unit; as they are in the file where none does."""
    shown = list(map(_heading, targets))
    if not shown:
        numbers = (each for each in understood.columns if not each.is_text)
        shown = [PreviewColumn(each.name, unit=each.unit) for each in numbers]
    headings = list(islice(shown, _COLUMNS_SHOWN))
    rows = [(row, [_stored(row, each) for each in headings]) for row in understood.preview]
    return Preview(headings, rows, len(shown) - len(headings))


def _heading(target: Target) -> PreviewColumn:
    metric = target.metric
    return PreviewColumn(target.column, str(metric), metric.unit, target.factor, target.offset)


def _stored(row: PreviewRow, column: PreviewColumn) -> str:
    value = row.values.get(column.column)
    return "–" if value is None else exact(value * column.factor + column.offset)


def exact(value: float) -> str:
    """A number with all that tells it from others, to be compared with what the file has."""
    return f"{value:,.10g}".replace("-", "−")

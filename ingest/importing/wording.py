"""What a file was taken for, in lines of text for a terminal."""

from collections.abc import Iterator, Sequence

from ingest.importing.mapping import Target, doubts
from ingest.layouts.delimited import DELIMITERS
from ingest.layouts.profiles import BY_NAME, GREEN_BUTTON
from ingest.layouts.understood import FileColumn, Understood


def told(understood: Understood, targets: Sequence[Target]) -> Iterator[str]:
    """The layout, the rows, and where each column goes."""
    yield f"{BY_NAME[understood.profile].label}: {_form(understood)}."
    yield (
        f"{understood.rows:,} rows from {understood.start} to {understood.end}, "
        f"times in {understood.time_zone}, dates as {understood.date_format}."
    )
    if understood.left_out:
        yield f"Left out: {', '.join(understood.left_out)}."
    yield from understood.warnings
    yield from doubts(understood, targets)
    by_column = {target.column: target for target in targets}
    for column in understood.columns:
        yield f"  {column.name}: {_goes_to(column, by_column.get(column.name))}"


def _form(understood: Understood) -> str:
    if understood.profile == GREEN_BUTTON:
        return "XML"
    delimiter = DELIMITERS[understood.delimiter]
    return f"{understood.encoding}, {delimiter} between cells, “{understood.decimal}” for decimals"


def _goes_to(column: FileColumn, target: Target | None) -> str:
    if column.is_text:
        return f"text ({', '.join(column.texts)}), not imported"
    if target is None:
        return "not imported"
    unit = target.unit or f"taken for {target.metric.unit}"
    changed = f" × {target.factor:g}" if target.factor != 1 else ""
    return f"{target.metric} ({unit}{changed})"

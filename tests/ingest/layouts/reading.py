"""How tests understand files of readings and read what is in them."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ingest.layouts.detect import understand
from ingest.layouts.reading import read_file
from ingest.layouts.understood import Asked, Refused, Understood

FILES = Path(__file__).parent / "files"
Series = dict[str, list[tuple[str, float]]]


def read(file: Path, understood: Understood) -> tuple[Series, list[Refused]]:
    """The readings of each series, with times in UTC to the second, and what was refused."""
    series: Series = {}
    refused: list[Refused] = []
    for block in read_file(file, understood):
        refused += block.refused
        rows = zip(
            block.name_of.tolist(), block.timestamps.tolist(), block.values.tolist(), strict=True
        )
        for index, micros, value in rows:
            time = datetime.fromtimestamp(micros // 1_000_000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
            series.setdefault(block.names[index], []).append((time, value))
    return series, refused


def understood_and_read(
    file: Path, zone: str = "Europe/Amsterdam", **asked: Any
) -> tuple[Understood, Series]:
    """A file that is understood without a question, and its readings, none of them refused."""
    understood = understand(file, Asked(**asked), zone=zone)
    assert understood.questions == ()
    series, refused = read(file, understood)
    assert [each for each in refused if each.column not in _texts(understood)] == []
    return understood, series


def _texts(understood: Understood) -> set[str]:
    return {column.name for column in understood.columns if column.is_text}


def text_file(folder: Path, text: str, name: str = "file.csv", encoding: str = "utf-8") -> Path:
    """A file of this text."""
    file = folder / name
    file.write_bytes(text.encode(encoding))
    return file

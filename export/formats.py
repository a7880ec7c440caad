"""The formats of an export."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from export import texts
from export.blocks import Block
from export.parquet import parquet_buckets, parquet_readings
from export.readings import Page

Zone = ZoneInfo | None


@dataclass(frozen=True, slots=True)
class Format:
    """How a file is written; text is worth compressing, the other is compressed already."""

    name: str
    media_type: str
    is_text: bool
    of_readings: Callable[[Iterable[Page], Zone], Iterator[bytes]]
    of_buckets: Callable[[Sequence[str], Iterable[Block], Zone], Iterator[bytes]]

    @property
    def content_type(self) -> str:
        """The media type, with the character set of text."""
        return f"{self.media_type}; charset=utf-8" if self.is_text else self.media_type


FORMATS = {
    each.name: each
    for each in (
        Format("csv", "text/csv", True, texts.csv_readings, texts.csv_buckets),
        Format("ndjson", "application/x-ndjson", True, texts.ndjson_readings, texts.ndjson_buckets),
        Format(
            "parquet", "application/vnd.apache.parquet", False, parquet_readings, parquet_buckets
        ),
    )
}

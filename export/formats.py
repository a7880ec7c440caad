"""The formats of an export."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from export import parquet, texts
from export.buckets import BucketsExport
from export.readings import ReadingsExport


@dataclass(frozen=True, slots=True)
class Format:
    """How a file is written; text is worth compressing, the other is compressed already."""

    name: str
    media_type: str
    is_text: bool
    write_readings: Callable[[ReadingsExport], Iterator[bytes]]
    write_buckets: Callable[[BucketsExport], Iterator[bytes]]

    @property
    def content_type(self) -> str:
        """The media type, with the character set of text."""
        return f"{self.media_type}; charset=utf-8" if self.is_text else self.media_type

    def write(self, export: ReadingsExport | BucketsExport) -> Iterator[bytes]:
        """The file, piece by piece."""
        if isinstance(export, ReadingsExport):
            return self.write_readings(export)
        return self.write_buckets(export)


CSV = Format(
    "csv",
    "text/csv",
    is_text=True,
    write_readings=texts.csv_readings,
    write_buckets=texts.csv_buckets,
)
NDJSON = Format(
    "ndjson",
    "application/x-ndjson",
    is_text=True,
    write_readings=texts.ndjson_readings,
    write_buckets=texts.ndjson_buckets,
)
PARQUET = Format(
    "parquet",
    "application/vnd.apache.parquet",
    is_text=False,
    write_readings=parquet.parquet_readings,
    write_buckets=parquet.parquet_buckets,
)
FORMATS = {each.name: each for each in (CSV, NDJSON, PARQUET)}

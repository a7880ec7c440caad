"""Exports as lines of text: CSV and newline-delimited JSON."""

import csv
import io
from collections.abc import Iterable, Iterator
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import numpy as np

from export.buckets import BucketBlock, BucketsExport
from export.readings import IDENTITY, ReadingsExport, identity
from export.timestamps import format_timestamps
from history.arrays import Floats, Samples
from ingest.formula_guard import guarded
from timeseries.labels import encoded

READING_COLUMNS = (*IDENTITY, "timestamp", "value")


def csv_readings(export: ReadingsExport) -> Iterator[bytes]:
    """A header, then a row a reading."""
    yield _csv_row(READING_COLUMNS)
    for page in export.pages():
        parts = []
        for metric, samples in page:
            names = _csv_row(identity(metric)).rstrip(b"\r\n") + b","
            rows = map(b",".join, _times_and_values(samples, export.zone))
            parts += [names, (b"\r\n" + names).join(rows), b"\r\n"]
        yield b"".join(parts)


def ndjson_readings(export: ReadingsExport) -> Iterator[bytes]:
    """An object a reading."""
    for page in export.pages():
        parts = []
        for metric, samples in page:
            names = msgspec.json.encode(dict(zip(IDENTITY, identity(metric), strict=True)))
            head = names[:-1] + b',"timestamp":"'
            rows = map(b'","value":'.join, _times_and_values(samples, export.zone))
            parts += [head, (b"}\n" + head).join(rows), b"}\n"]
        yield b"".join(parts)


def csv_buckets(export: BucketsExport) -> Iterator[bytes]:
    """A header, then a row a bucket; what is not known is an empty cell."""
    yield _csv_row(("timestamp", *export.headings()))
    for block in export.blocks():
        if block.starts.size:
            times = format_timestamps(block.starts, export.zone)
            cells = bytes(encoded(_table(block)))[2:-2].replace(b"null", b"").split(b"],[")
            yield b"\r\n".join(map(b",".join, zip(times, cells, strict=True))) + b"\r\n"


def ndjson_buckets(export: BucketsExport) -> Iterator[bytes]:
    """An object a bucket; what is not known is null."""
    encode = msgspec.json.Encoder().encode_lines
    names = ("timestamp", *export.headings())
    for block in export.blocks():
        times = [time.decode() for time in format_timestamps(block.starts, export.zone)]
        rows = zip(times, _table(block).tolist(), strict=True)
        yield encode([dict(zip(names, (time, *row), strict=True)) for time, row in rows])


def _table(block: BucketBlock) -> Floats:
    """The numbers of a block, a row a bucket; NaN, which JSON writes as null, where not known."""
    columns = [numbers for metric in block.columns for numbers in metric.values()]
    return np.column_stack(columns) if columns else np.empty((block.starts.size, 0))


def _times_and_values(samples: Samples, zone: ZoneInfo | None) -> Iterator[tuple[bytes, bytes]]:
    """The time and value of each reading; values in the fewest digits that read back the same."""
    values = bytes(encoded(samples.values))[1:-1].split(b",")
    return zip(format_timestamps(samples.timestamps, zone), values, strict=True)


def _csv_row(cells: Iterable[Any]) -> bytes:
    line = io.StringIO()
    csv.writer(line).writerow([guarded(str(cell)) for cell in cells])
    return line.getvalue().encode()

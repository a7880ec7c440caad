"""Exports as lines of text: CSV and newline-delimited JSON. Pure but for the names of Metrics."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import numpy as np

from export.blocks import Block
from export.readings import Page
from export.stamps import stamps
from history.arrays import Samples
from metrics.models import Metric

IDENTITY = ("site", "device", "key", "unit")
READING_COLUMNS = (*IDENTITY, "timestamp", "value")
# Spreadsheets take text that begins with one of these for a formula (OWASP, CSV Injection).
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def identity(metric: Metric) -> tuple[str, str, str, str]:
    """What names a Metric in a file, in the order of IDENTITY."""
    device = metric.device
    return device.site.slug, device.slug, metric.key, metric.unit


def csv_readings(pages: Iterable[Page], zone: ZoneInfo | None) -> Iterator[bytes]:
    """A header, then a row a reading."""
    yield _csv_row(READING_COLUMNS)
    for page in pages:
        parts = []
        for metric, samples in page:
            head = _csv_row(identity(metric)).rstrip(b"\r\n") + b","
            rows = map(b",".join, _stamped(samples, zone))
            parts += [head, (b"\r\n" + head).join(rows), b"\r\n"]
        yield b"".join(parts)


def ndjson_readings(pages: Iterable[Page], zone: ZoneInfo | None) -> Iterator[bytes]:
    """An object a reading."""
    for page in pages:
        parts = []
        for metric, samples in page:
            named = msgspec.json.encode(dict(zip(IDENTITY, identity(metric), strict=True)))
            head = named[:-1] + b',"timestamp":"'
            rows = map(b'","value":'.join, _stamped(samples, zone))
            parts += [head, (b"}\n" + head).join(rows), b"}\n"]
        yield b"".join(parts)


def csv_buckets(
    headings: Sequence[str], blocks: Iterable[Block], zone: ZoneInfo | None
) -> Iterator[bytes]:
    """A header, then a row a bucket; what is not known is an empty cell."""
    yield _csv_row(("timestamp", *headings))
    for block in blocks:
        if block.starts.size:
            rows = _table(block)
            cells = msgspec.json.encode(rows)[2:-2].replace(b"null", b"").split(b"],[")
            lines = map(b",".join, zip(stamps(block.starts, zone), cells, strict=True))
            yield b"\r\n".join(lines) + b"\r\n"


def ndjson_buckets(
    headings: Sequence[str], blocks: Iterable[Block], zone: ZoneInfo | None
) -> Iterator[bytes]:
    """An object a bucket; what is not known is null."""
    encode = msgspec.json.Encoder().encode_lines
    for block in blocks:
        stamped = zip(stamps(block.starts, zone), _table(block), strict=True)
        yield encode(
            [
                {"timestamp": stamp.decode(), **dict(zip(headings, row, strict=True))}
                for stamp, row in stamped
            ]
        )


def _table(block: Block) -> list[list[float | None]]:
    """The numbers of a block, a list a bucket; None for what is not known."""
    columns = [numbers for metric in block.columns for numbers in metric.values()]
    if not columns:
        return [[] for _ in range(block.starts.size)]
    # Not a number is null once it is encoded.
    return np.column_stack(columns).tolist()


def _stamped(samples: Samples, zone: ZoneInfo | None) -> Iterator[tuple[bytes, bytes]]:
    """Time and value of each reading, in the fewest digits that are read back as the same."""
    values = msgspec.json.encode(samples.values.tolist())[1:-1].split(b",")
    return zip(stamps(samples.timestamps, zone), values, strict=True)


def _csv_row(cells: Iterable[Any]) -> bytes:
    line = io.StringIO()
    csv.writer(line).writerow([_harmless(str(cell)) for cell in cells])
    return line.getvalue().encode()


def _harmless(text: str) -> str:
    """`text` with an apostrophe before what a spreadsheet would run."""
    return f"'{text}" if text.startswith(_FORMULA) else text

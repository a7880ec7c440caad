"""Exports as Apache Parquet, a group of rows at a time. Needs requirements-parquet.txt."""

from collections.abc import Iterable, Iterator, Sequence
from importlib.util import find_spec
from io import RawIOBase
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import numpy as np

from export.blocks import Block
from export.readings import Page
from export.texts import IDENTITY, identity

if TYPE_CHECKING:
    import pyarrow as pa


# Rows of a group, at least: the library keeps 5 KB of each group until the file ends.
GROUP = 400_000


def is_installed() -> bool:
    """Whether the library is there."""
    return find_spec("pyarrow") is not None


def parquet_readings(pages: Iterable[Page], zone: ZoneInfo | None) -> Iterator[bytes]:
    """A row a reading."""
    import pyarrow as pa

    names = [pa.field(name, pa.dictionary(pa.int32(), pa.string())) for name in IDENTITY]
    schema = pa.schema([*names, _time(zone), pa.field("value", pa.float64())])
    return _written(schema, (_reading_columns(page) for page in pages))


def parquet_buckets(
    headings: Sequence[str], blocks: Iterable[Block], zone: ZoneInfo | None
) -> Iterator[bytes]:
    """A row a bucket; what is not known is null."""
    import pyarrow as pa

    schema = pa.schema([_time(zone), *(pa.field(name, pa.float64()) for name in headings)])
    return _written(schema, (_bucket_columns(block) for block in blocks))


class _Outlet(RawIOBase):
    """A file that hands out what was written to it."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self.parts.append(bytes(data))
        return len(self.parts[-1])

    def taken(self) -> bytes:
        """What was written since the last time."""
        parts, self.parts = self.parts, []
        return b"".join(parts)


def _written(schema: "pa.Schema", parts: Iterable[list[Any]]) -> Iterator[bytes]:
    import pyarrow as pa
    from pyarrow.parquet import ParquetWriter

    outlet = _Outlet()
    # Numbers that hardly repeat are a fifth smaller, and written sooner, without a dictionary.
    named = [field.name for field in schema if pa.types.is_dictionary(field.type)]
    writer = ParquetWriter(outlet, schema, compression="zstd", use_dictionary=named)
    for group in _grouped(_tables(schema, parts)):
        writer.write_table(group, row_group_size=len(group))
        yield outlet.taken()
    # Only now: without its footer a file that broke off cannot be read.
    writer.close()
    yield outlet.taken()


def _tables(schema: "pa.Schema", parts: Iterable[list[Any]]) -> Iterator["pa.Table"]:
    import pyarrow as pa

    for columns in parts:
        arrays = [
            column
            if isinstance(column, pa.Array)
            else pa.array(column, field.type, from_pandas=True)
            for column, field in zip(columns, schema, strict=True)
        ]
        yield pa.Table.from_arrays(arrays, schema=schema)


def _grouped(tables: Iterable["pa.Table"]) -> Iterator["pa.Table"]:
    """The same rows in tables of GROUP and more, but for the last."""
    import pyarrow as pa

    waiting: list[pa.Table] = []
    for table in tables:
        waiting.append(table)
        if sum(map(len, waiting)) >= GROUP:
            yield pa.concat_tables(waiting).unify_dictionaries()
            waiting = []
    if waiting:
        yield pa.concat_tables(waiting).unify_dictionaries()


def _time(zone: ZoneInfo | None) -> "pa.Field":
    import pyarrow as pa

    return pa.field("timestamp", pa.timestamp("us", tz=zone.key if zone else "UTC"), nullable=False)


def _reading_columns(page: Page) -> list[Any]:
    import pyarrow as pa

    lengths = [len(samples) for _, samples in page]
    place = np.repeat(np.arange(len(page), dtype=np.int32), lengths)
    names = zip(*(identity(metric) for metric, _ in page), strict=True)
    return [
        *(pa.DictionaryArray.from_arrays(pa.array(place), pa.array(part)) for part in names),
        np.concatenate([samples.timestamps for _, samples in page]),
        np.concatenate([samples.values for _, samples in page]),
    ]


def _bucket_columns(block: Block) -> list[Any]:
    numbers = [column for columns in block.columns for column in columns.values()]
    return [block.starts, *numbers]

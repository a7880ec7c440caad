"""Exports as Apache Parquet, a group of rows at a time. Needs requirements-parquet.txt."""

from collections.abc import Iterable, Iterator
from importlib.util import find_spec
from io import BytesIO
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import numpy as np

from export.buckets import BucketBlock, BucketsExport
from export.readings import IDENTITY, Page, ReadingsExport, identity

if TYPE_CHECKING:
    import pyarrow as pa


# Rows of a group, at least: the library keeps 5 KB of each group until the file ends.
GROUP = 400_000


def is_installed() -> bool:
    """Whether the library is there."""
    return find_spec("pyarrow") is not None


def parquet_readings(export: ReadingsExport) -> Iterator[bytes]:
    """A row a reading."""
    import pyarrow as pa

    names = [pa.field(name, pa.dictionary(pa.int32(), pa.string())) for name in IDENTITY]
    schema = pa.schema([*names, _time(export.zone), pa.field("value", pa.float64())])
    return _write(schema, map(_reading_columns, export.pages()))


def parquet_buckets(export: BucketsExport) -> Iterator[bytes]:
    """A row a bucket; what is not known is null."""
    import pyarrow as pa

    numbers = (pa.field(heading, pa.float64()) for heading in export.headings())
    schema = pa.schema([_time(export.zone), *numbers])
    return _write(schema, map(_bucket_columns, export.blocks()))


def _write(schema: "pa.Schema", columns: Iterable[list[Any]]) -> Iterator[bytes]:
    import pyarrow as pa
    from pyarrow.parquet import ParquetWriter

    sink = BytesIO()
    # Numbers that hardly repeat are a fifth smaller, and written sooner, without a dictionary.
    names = [field.name for field in schema if pa.types.is_dictionary(field.type)]
    writer = ParquetWriter(sink, schema, compression="zstd", use_dictionary=names)
    for group in _grouped(_tables(schema, columns)):
        writer.write_table(group, row_group_size=len(group))
        yield _emptied(sink)
    # Not before all went well: without its footer a file that broke off cannot be read.
    writer.close()
    yield _emptied(sink)


def _emptied(sink: BytesIO) -> bytes:
    """What was written since the last time; the library counts positions by itself."""
    content = sink.getvalue()
    sink.seek(0)
    sink.truncate()
    return content


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


def _bucket_columns(block: BucketBlock) -> list[Any]:
    numbers = [column for columns in block.columns for column in columns.values()]
    return [block.starts, *numbers]

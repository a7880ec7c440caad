"""PostgreSQL's binary formats: arrays go in and come out, no Python number is made.

Layouts: PostgreSQL's manual, "COPY", "Binary Format"; arrays as written by array_send() in
src/backend/utils/adt/arrayfuncs.c.
"""

import struct
from typing import Any

import numpy as np
import psycopg
from numpy.typing import NDArray
from psycopg.adapt import Dumper, Loader, PyFormat
from psycopg.pq import Format

from history.arrays import ReadingBatch

_COPY_HEADER = b"PGCOPY\n\xff\r\n\0" + struct.pack(">ii", 0, 0)
_COPY_TRAILER = struct.pack(">h", -1)
_COPY_ROW = np.dtype(
    [("fields", ">i2")]
    + [
        field
        for name, kind in (("metric_ids", ">i8"), ("timestamps", ">i8"), ("values", ">f8"))
        for field in ((f"{name}_length", ">i4"), (name, kind))
    ]
)
_ARRAY_HEADER = struct.Struct(">iiIii")  # dimensions, has nulls, element type, length, lower bound
_TYPES = {np.int64: psycopg.postgres.types["int8"], np.float64: psycopg.postgres.types["float8"]}


def array_cursor(connection: psycopg.Connection[Any]) -> psycopg.Cursor[tuple[Any, ...]]:
    """A cursor that takes and returns int8[] and float8[] as arrays."""
    cursor = psycopg.Cursor(connection)
    cursor.adapters.register_dumper(np.ndarray, _ArrayDumper)
    for element, loader in ((np.int64, _IntsLoader), (np.float64, _FloatsLoader)):
        cursor.adapters.register_loader(_TYPES[element].array_oid, loader)
    return cursor


def copy_data(batch: ReadingBatch) -> bytes:
    """What COPY takes in its binary format: Metric ids, timestamps and values."""
    rows = np.empty(len(batch), _COPY_ROW)
    rows["fields"] = 3
    for name in ("metric_ids", "timestamps", "values"):
        rows[f"{name}_length"] = 8
        rows[name] = getattr(batch, name)
    return _COPY_HEADER + rows.tobytes() + _COPY_TRAILER


def _element(kind: str) -> np.dtype[Any]:
    return np.dtype([("length", ">i4"), ("value", kind)])


class _ArrayDumper(Dumper):
    """int64[n] and float64[n] as int8[] and float8[]."""

    format = Format.BINARY

    def get_key(self, obj: NDArray[Any], format: PyFormat) -> Any:  # noqa: A002 - psycopg's name
        return (self.cls, obj.dtype.type)

    def upgrade(self, obj: NDArray[Any], format: PyFormat) -> "_ArrayDumper":  # noqa: A002
        dumper = type(self)(self.cls, self.connection)
        dumper.oid = _TYPES[obj.dtype.type].array_oid
        return dumper

    def dump(self, obj: NDArray[Any]) -> bytes:
        elements = np.empty(obj.size, _element(f">{obj.dtype.kind}8"))
        elements["length"] = 8
        elements["value"] = obj
        header = _ARRAY_HEADER.pack(1, 0, _TYPES[obj.dtype.type].oid, obj.size, 1)
        return header + elements.tobytes()


class _ArrayLoader(Loader):
    """A one-dimensional array of 8-byte elements without nulls."""

    format = Format.BINARY
    kind: str

    def load(self, data: Any) -> NDArray[Any]:
        elements = np.frombuffer(data, _element(f">{self.kind}"), offset=_ARRAY_HEADER.size)
        return elements["value"].astype(self.kind)


class _IntsLoader(_ArrayLoader):
    kind = "i8"


class _FloatsLoader(_ArrayLoader):
    kind = "f8"

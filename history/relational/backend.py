"""The default database as the relational history uses it: what engines say differently."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, cast

from django.db import connection

from history.arrays import Ints, ReadingBatch, Samples


class Database(Protocol):
    """What the two databases say differently; `sqlite` and `postgresql` are such modules."""

    # How to say: `any` of an array; the `pairs` of two arrays and the `ids` of one, as `wanted`;
    # the `lock` of selected rows.
    PHRASES: Mapping[str, str]

    def execute(self, statement: str, *parameters: Any) -> list[tuple[Any, ...]]: ...

    def pair_parameters(self, pairs: Ints) -> tuple[Ints, ...]: ...

    def insert_all(self, statement: str, columns: Sequence[Sequence[Any]]) -> None: ...

    def upsert(self, batch: ReadingBatch) -> None: ...

    def take(self, metric_ids: Sequence[int], start: int, end: int) -> dict[int, Samples]: ...

    def remove(self, metric_ids: Sequence[int], start: int, end: int) -> None: ...

    def select(self, metric_ids: Sequence[int], start: int, end: int) -> dict[int, Samples]: ...

    def select_first(
        self, metric_ids: Sequence[int], start: int, end: int, limit: int
    ) -> dict[int, Samples]: ...

    def neighbours(self, metric_ids: Sequence[int], start: int, end: int) -> dict[int, Samples]: ...


def database() -> Database:
    """The module of the database that is configured."""
    if connection.vendor == "postgresql":
        from history.relational import postgresql

        return cast("Database", postgresql)
    from history.relational import sqlite

    return cast("Database", sqlite)

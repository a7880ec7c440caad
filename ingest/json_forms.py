"""The forms a reading takes in JSON, as types that msgspec decodes and checks in one pass. Pure."""

from datetime import datetime
from typing import Annotated, Generic, TypeVar

import msgspec

from ingest.parsed import Identity, Named

MetricId = Annotated[int, msgspec.Meta(ge=1, le=2**63 - 1)]
Timestamp = Annotated[datetime, msgspec.Meta(tz=True)]


class _Strict(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """No member is ever ignored: a misspelt one must not pass for an omitted one."""


class RowById(_Strict):
    """`{"metric": 12, "timestamp": "…", "value": 1.5}`"""

    identity: MetricId = msgspec.field(name="metric")  # the Metric, as it was named
    timestamp: Timestamp
    value: float


class RowByName(_Strict):
    """`{"site": slug, "device": slug, "key": "…", "timestamp": "…", "value": 1.5}`"""

    site: str
    device: str
    key: str
    timestamp: Timestamp
    value: float

    @property
    def identity(self) -> Identity:
        """The Metric, as it was named."""
        return Named(self.site, self.device, self.key)


class _Columns(_Strict):
    timestamps: Annotated[list[Timestamp], msgspec.Meta(min_length=1)]
    values: Annotated[list[float], msgspec.Meta(min_length=1)]

    def __post_init__(self) -> None:
        if len(self.timestamps) != len(self.values):
            raise ValueError("The columns differ in length.")


class ColumnsById(_Columns, kw_only=True):
    """`{"metric": 12, "timestamps": […], "values": […]}`"""

    identity: MetricId = msgspec.field(name="metric")  # the Metric, as it was named


class ColumnsByName(_Columns, kw_only=True):
    """`{"site": slug, "device": slug, "key": "…", "timestamps": […], "values": […]}`"""

    site: str
    device: str
    key: str

    @property
    def identity(self) -> Identity:
        """The Metric, as it was named."""
        return Named(self.site, self.device, self.key)


Row = RowById | RowByName
Columns = ColumnsById | ColumnsByName
Entry = TypeVar("Entry")


class Listed(_Strict, Generic[Entry]):
    """`{"readings": [one form, …]}`"""

    readings: list[Entry]

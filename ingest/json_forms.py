"""The forms a reading takes in JSON, as types that msgspec decodes and checks in one pass. Pure."""

from typing import Annotated, Generic, TypeVar

import msgspec

from ingest.parsed import MetricId, MetricRef, Timestamp

Timestamps = Annotated[list[Timestamp], msgspec.Meta(min_length=1)]
Values = Annotated[list[float], msgspec.Meta(min_length=1)]


def _refuse_unequal_lengths(columns: "Columns") -> None:
    if len(columns.timestamps) != len(columns.values):
        raise ValueError("The columns differ in length.")


class _Form(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """No member is ignored: a misspelt one must not pass for one that was left out."""


class _FormByName(_Form, kw_only=True):
    """By names, with `unit` as exports have it: another unit than the Metric's is refused."""

    site: str
    device: str
    key: str
    unit: str | msgspec.UnsetType = msgspec.UNSET

    @property
    def metric(self) -> MetricRef:
        """The names of the Metric, and the unit of the values where it is said."""
        if self.unit is msgspec.UNSET:
            return self.site, self.device, self.key
        return self.site, self.device, self.key, self.unit


class RowById(_Form):
    """`{"metric": 12, "timestamp": "…", "value": 1.5}`"""

    metric: MetricId
    timestamp: Timestamp
    value: float


class RowByName(_FormByName):
    """`{"site": slug, "device": slug, "key": "…", "timestamp": "…", "value": 1.5}`"""

    timestamp: Timestamp
    value: float


class ColumnsById(_Form):
    """`{"metric": 12, "timestamps": […], "values": […]}`"""

    metric: MetricId
    timestamps: Timestamps
    values: Values

    def __post_init__(self) -> None:
        _refuse_unequal_lengths(self)


class ColumnsByName(_FormByName):
    """`{"site": slug, "device": slug, "key": "…", "timestamps": […], "values": […]}`"""

    timestamps: Timestamps
    values: Values

    def __post_init__(self) -> None:
        _refuse_unequal_lengths(self)


Row = RowById | RowByName
Columns = ColumnsById | ColumnsByName
FormT = TypeVar("FormT")


class ReadingList(_Form, Generic[FormT]):
    """`{"readings": [one form, …]}`"""

    readings: list[FormT]

"""The series of a write, each found once by what its lines begin with. Pure."""

from functools import lru_cache

from ingest.lines.naming import name_of
from ingest.lines.points import NotAPoint, read_point
from ingest.names import ExternalName

_SHORT = 300  # bytes; what is kept between requests is bounded
NONE = -1  # the index of what is no series


class SeriesTable:
    """The series of a write by name, numbered in the order in which they were met."""

    def __init__(self) -> None:
        self.named: list[ExternalName] = []
        self._indexes: dict[str, int] = {}

    def index(self, external: ExternalName) -> int:
        """The number of a series; of what lines tell of it the most is kept."""
        index = self._indexes.setdefault(external.name, len(self.named))
        if index == len(self.named):
            self.named.append(external)
        elif _told(external) > _told(self.named[index]):
            self.named[index] = external
        return index


def _told(external: ExternalName) -> int:
    """How much is guessed of a series."""
    return sum(map(bool, external.guess))


class Starts(dict[bytes, int]):
    """The number of a series by what its lines begin with, such as `cpu,host=a usage`.

    NONE for what no line can begin with.
    """

    def __init__(self, series: SeriesTable) -> None:
        super().__init__()
        self._series = series

    def __missing__(self, start: bytes) -> int:
        external = _called(start) if len(start) <= _SHORT else _called.__wrapped__(start)
        self[start] = NONE if external is None else self._series.index(external)
        return self[start]


@lru_cache(maxsize=16_384)
def _called(start: bytes) -> ExternalName | None:
    """What the series is called whose lines begin so, None where none can.

    Gateways send the same series with each request.
    """
    try:
        point = read_point(start + b"=0")
    except NotAPoint:
        return None
    return None if point is None else name_of(point, *point.fields)

"""The series of a write, each found once by what its lines begin with. Pure."""

from functools import lru_cache

from ingest.lines.naming import name_of
from ingest.lines.points import NotAPoint, read_point
from ingest.names import ExternalName

_SHORT = 300  # bytes; what is kept between requests is bounded
NONE = -1  # the index of what is no series


class Series:
    """Series by name, numbered in the order in which they were met."""

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


class Heads(dict[bytes, "Head"]):
    """What lines begin with, measurement and tags as they are sent."""

    def __init__(self, series: Series) -> None:
        super().__init__()
        self._series = series

    def __missing__(self, head: bytes) -> "Head":
        self[head] = Head(head, self._series)
        return self[head]


class Head(dict[bytes, int]):
    """The number of the series of each field that comes behind one head; NONE of what is none."""

    def __init__(self, head: bytes, series: Series) -> None:
        super().__init__()
        self._head = head
        self._series = series

    def __missing__(self, field: bytes) -> int:
        self[field] = self._find(field)
        return self[field]

    def _find(self, field: bytes) -> int:
        named = b"%s %s=0" % (self._head, field)
        external = _called(named) if len(named) <= _SHORT else _called.__wrapped__(named)
        return NONE if external is None else self._series.index(external)


@lru_cache(maxsize=16_384)
def _called(line: bytes) -> ExternalName | None:
    """What the series of a line's only field is called, None where the line is none.

    Gateways send the same series with each request.
    """
    try:
        point = read_point(line)
    except NotAPoint:
        return None
    return None if point is None else name_of(point, *point.fields)

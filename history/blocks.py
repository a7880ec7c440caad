"""Much work in blocks of a bounded size. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol, TypeVar


class Sliceable(Protocol):
    """What has a length and slices: a list, an array, a batch of readings."""

    def __len__(self) -> int: ...

    def __getitem__(self, part: slice, /) -> Any: ...


Items = TypeVar("Items", bound=Sliceable)


def in_blocks(items: Items, size: int) -> Iterator[Items]:
    """Slices of at most `size` items."""
    for begin in range(0, len(items), size):
        yield items[begin : begin + size]


def by_weight(ids: Sequence[int], weights: Mapping[int, int], limit: int) -> Iterator[list[int]]:
    """The ids in the order given; blocks of several weigh no more than `limit` together."""
    block: list[int] = []
    room = limit
    for each in ids:
        weight = weights.get(each, 0)
        if block and weight > room:
            yield block
            block, room = [], limit
        block.append(each)
        room -= weight
    if block:
        yield block

"""Long work in steps, with rests for others between them."""

from collections.abc import Iterable, Iterator
from time import monotonic, sleep
from typing import TypeVar

Step = TypeVar("Step")


def with_rests(steps: Iterable[Step], rest: float) -> Iterator[Step]:
    """The steps one by one; after each, nothing for `rest` times as long as it took to do."""
    for step in steps:
        started = monotonic()
        yield step
        sleep(rest * (monotonic() - started))

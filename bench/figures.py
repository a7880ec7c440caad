"""What was measured, and the table that shows it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from statistics import median
from time import perf_counter

Action = Callable[[], None]


@dataclass(frozen=True)
class Figure:
    """Median seconds of some work of the product and of its floor, measured in turns."""

    name: str
    floor_name: str
    seconds: float
    floor_seconds: float

    @property
    def ratio(self) -> float:
        """How many times the floor's time the product takes."""
        return self.seconds / self.floor_seconds

    def cells(self) -> tuple[str, ...]:
        """The figure's row: names, milliseconds, ratio."""
        return (
            self.name,
            f"{self.seconds * 1000:.1f}",
            f"{self.floor_seconds * 1000:.1f}",
            f"{self.ratio:.1f} ×",
            self.floor_name,
        )


def measure(
    name: str, product: Action, floor_name: str, floor: Action, *, rounds: int, warm_up: int = 3
) -> Figure:
    """Time both `rounds` times in turns, so that a slow moment of the machine meets both."""
    for _ in range(warm_up):
        product()
        floor()
    times = [(_seconds(product), _seconds(floor)) for _ in range(rounds)]
    return Figure(
        name, floor_name, median(pair[0] for pair in times), median(pair[1] for pair in times)
    )


def _seconds(action: Action) -> float:
    started = perf_counter()
    action()
    return perf_counter() - started


def table(figures: Iterable[Figure]) -> str:
    """A Markdown table of the figures."""
    head = ("request", "ms", "floor ms", "ratio", "floor")
    rows = [head, ("---", "---:", "---:", "---:", "---"), *(figure.cells() for figure in figures)]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)

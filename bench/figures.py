"""What was measured, and the tables that show it."""

from collections.abc import Callable, Iterable, Sequence
from statistics import median
from time import perf_counter

Action = Callable[[], object]


def medians(*actions: Action, rounds: int, warm_up: int = 2) -> list[float]:
    """Median seconds of each, done in turns, so that a slow moment of the machine meets all."""
    return [median(column) for column in _in_turns(actions, rounds, warm_up)]


def least(*actions: Action, rounds: int, warm_up: int = 2) -> list[float]:
    """The least seconds of each, which slow moments of the machine leave as they are."""
    return [min(column) for column in _in_turns(actions, rounds, warm_up)]


def _in_turns(actions: Sequence[Action], rounds: int, warm_up: int) -> Iterable[tuple[float, ...]]:
    for _ in range(warm_up):
        for action in actions:
            action()
    times = [[seconds(action) for action in actions] for _ in range(rounds)]
    return zip(*times, strict=True)


def seconds(action: Action) -> float:
    """How long it takes."""
    started = perf_counter()
    action()
    return perf_counter() - started


def ms(duration: float) -> str:
    """Seconds as milliseconds."""
    return f"{duration * 1000:.1f}"


def times(ratio: float) -> str:
    """A ratio as a factor."""
    return f"{ratio:.2f} ×" if ratio < 10 else f"{ratio:.0f} ×"


def share(ratio: float) -> str:
    """A ratio in percent."""
    return f"{ratio:.0%}"


def target(text: str, met: bool) -> str:
    """A target, and whether it is met."""
    return f"{text}: {'met' if met else '**missed**'}"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table; all columns but the first and the last one hold numbers."""
    rules = ["---", *["---:"] * (len(head) - 2), "---"]
    return "\n".join("| " + " | ".join(row) + " |" for row in (head, rules, *rows))

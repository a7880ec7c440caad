"""How long actions take."""

from collections.abc import Callable, Iterable, Sequence
from statistics import median
from time import perf_counter

Action = Callable[[], object]


def medians(*actions: Action, rounds: int, warm_up: int = 2) -> list[float]:
    """Median seconds of each action; they take turns, so that a slow moment affects all alike."""
    return [median(column) for column in _in_turns(actions, rounds, warm_up)]


def least(*actions: Action, rounds: int, warm_up: int = 2) -> list[float]:
    """The least seconds of each action, which slow moments of the machine do not change."""
    return [min(column) for column in _in_turns(actions, rounds, warm_up)]


def _in_turns(actions: Sequence[Action], rounds: int, warm_up: int) -> Iterable[tuple[float, ...]]:
    for _ in range(warm_up):
        for action in actions:
            action()
    times = [[seconds(action) for action in actions] for _ in range(rounds)]
    return zip(*times, strict=True)


def seconds(action: Action) -> float:
    """How long an action takes."""
    started = perf_counter()
    action()
    return perf_counter() - started

"""What holds for every series of counter readings, however it is cut and whatever is asked."""

import math
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from history import decisions
from history.counters import NEVER_READ, CounterState, Rules, Steps, advance, advance_all, shared
from tests.support import counter_reference

MINUTE = 60_000_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR

Readings = list[tuple[int, float]]
Told = list[tuple[int, int, float | None]]

gaps = st.sampled_from(
    [MINUTE] * 8 + [1, 15 * MINUTE, HOUR, HOUR, 7 * HOUR, DAY, DAY + 1, 26 * HOUR, 21 * DAY]
)
USUAL = ["still", "still", "fine", "fine", "fine", "coarse", "noise"]
moves = st.sampled_from([*USUAL, "reset", "restart", "correction", "wrap", "leap", "double"])
garbled = st.sampled_from([0.0, -0.0, 0.01, -3.0, 7.0, 1e300, 1.7e308, 1.8e19, 65535.0, math.inf])
rates = st.sampled_from([None, 5.5 / HOUR, 100 / HOUR, 1 / MINUTE, 1e-300])
rules = st.builds(Rules, rates, st.sampled_from([None, 65536.0]))


def moved(height: float, move: str, size: float) -> float:
    """Where a counter is after a move."""
    heights = {
        "fine": height + size / 10,
        "coarse": height + math.floor(size),
        "reset": 0.0,
        "restart": size,
        "correction": height * 0.95,
        "wrap": max(height + 300 - 65536, 0.0),
        "leap": height + 1e4 * size,
        "double": height * 1.5 + size,
    }
    return heights.get(move, height)


@st.composite
def series(draw: st.DrawFn) -> Readings:
    """A counter at any cadence, with all that can happen to one and to its readings."""
    height = draw(st.sampled_from([0.0, 1.0, 50.0, 13423.7, 65000.0]))
    at = draw(st.sampled_from([0, 20_454 * DAY]))
    readings: Readings = []
    blip: list[float] = []
    for _ in range(draw(st.integers(0, 40))):
        at += draw(gaps)
        move, size = draw(moves), draw(st.integers(0, 30)) / 10
        height = moved(height, move, size)
        if not blip and draw(st.integers(0, 6)) == 0:
            off = draw(garbled | st.sampled_from([0.5, 0.91, 1.09, 1.8, 2.1]).map(height.__mul__))
            blip = [off] * draw(st.sampled_from([1, 1, 1, 2, 3]))
        shown = blip.pop() if blip else height - (size / 100 if move == "noise" else 0)
        readings.append((at, shown))
    return readings


def arrays(readings: Sequence[tuple[int, float]]) -> tuple[np.ndarray, np.ndarray]:
    timestamps = np.array([at for at, _ in readings], np.int64)
    return timestamps, np.array([value for _, value in readings], np.float64)


def told(steps: Steps) -> Told:
    """Since, until, and the amount to the last bit, or None where nothing is known."""
    columns = (steps.since, steps.until, steps.amount, steps.known)
    rows = zip(*(column.tolist() for column in columns), strict=True)
    return [(since, until, amount if known else None) for since, until, amount, known in rows]


def parts(readings: Readings, cuts: Sequence[int]) -> list[Readings]:
    places = [0, *sorted(cut % (len(readings) + 1) for cut in cuts), len(readings)]
    return [readings[low:high] for low, high in pairwise(places)]


@settings(max_examples=500)
@given(series(), rules)
def test_it_agrees_with_the_rules_to_the_last_bit(readings: Readings, rules: Rules) -> None:
    steps, _ = advance(NEVER_READ, *arrays(readings), rules)

    assert told(steps) == counter_reference.steps_of(readings, *rules)


@settings(max_examples=500)
@given(series(), rules, st.lists(st.integers(0, 100), max_size=4))
def test_the_parts_of_a_series_give_what_the_whole_gives(
    readings: Readings, rules: Rules, cuts: list[int]
) -> None:
    whole, end = advance(NEVER_READ, *arrays(readings), rules)

    state, found = NEVER_READ, []
    for part in parts(readings, cuts):
        steps, state = advance(CounterState.from_bytes(state.to_bytes()), *arrays(part), rules)
        found += told(steps)

    assert found == told(whole)
    assert state == end


@given(st.lists(st.tuples(series(), rules, st.integers(0, 100)), max_size=5))
def test_many_counters_at_once_are_each_as_if_alone(
    many: list[tuple[Readings, Rules, int]],
) -> None:
    halves = [parts(readings, [cut]) for readings, _, cut in many]
    each_rules = [rules for _, rules, _ in many]
    states = [
        advance(NEVER_READ, *arrays(first), rules)[1]
        for (first, _), rules in zip(halves, each_rules, strict=True)
    ]
    bounds = np.cumsum([0, *(len(second) for _, second in halves)])
    readings = [reading for _, second in halves for reading in second]

    steps, step_bounds, ends = advance_all(states, bounds, *arrays(readings), each_rules)

    alone = [
        advance(state, *arrays(second), rules)
        for state, (_, second), rules in zip(states, halves, each_rules, strict=True)
    ]
    found = [told(steps.between(low, high)) for low, high in pairwise(step_bounds.tolist())]
    assert found == [told(expected) for expected, _ in alone]
    assert ends == [end for _, end in alone]


@given(series(), rules)
def test_steps_are_contiguous_and_never_negative(readings: Readings, rules: Rules) -> None:
    steps, state = advance(NEVER_READ, *arrays(readings), rules)

    assert (steps.since < steps.until).all()
    assert (steps.since[1:] == steps.until[:-1]).all()
    assert np.isin(steps.until, [at for at, _ in readings]).all()
    assert (np.isfinite(steps.amount) & (steps.amount >= 0)).all()
    assert not steps.amount[~steps.known].any()
    assert len(state.to_bytes()) == CounterState.SIZE


@given(series(), rules, st.lists(st.integers(0, 3 * DAY), min_size=2, max_size=9, unique=True))
def test_the_buckets_of_any_partition_add_up_to_the_whole(
    readings: Readings, rules: Rules, offsets: list[int]
) -> None:
    timestamps, values = arrays(readings)
    steps, _ = advance(NEVER_READ, timestamps, np.minimum(values, 1e15), rules)
    edges = np.sort(offsets) - HOUR + (timestamps[0] if timestamps.size else 0)

    amounts, known = shared(steps, edges)
    whole, whole_known = shared(steps, edges[[0, -1]])

    assert known.sum() == whole_known.sum()
    assert math.isclose(np.nansum(amounts), np.nansum(whole), rel_tol=1e-12, abs_tol=1e-9)
    assert (np.isnan(amounts) == (known == 0)).all()
    assert (known <= np.diff(edges)).all()


@given(series(), rules, st.lists(st.integers(0, 3 * DAY), min_size=2, max_size=9, unique=True))
def test_each_step_is_shared_out_by_time(
    readings: Readings, rules: Rules, offsets: list[int]
) -> None:
    timestamps, values = arrays(readings)
    steps, _ = advance(NEVER_READ, timestamps, np.minimum(values, 1e15), rules)
    edges = np.sort(offsets) - HOUR + (timestamps[0] if timestamps.size else 0)

    amounts, known = shared(steps, edges)

    for amount, length, (start, end) in zip(
        amounts.tolist(), known.tolist(), pairwise(edges.tolist()), strict=True
    ):
        overlaps = [
            (min(until, end) - max(since, start), until - since, added)
            for since, until, added in told(steps)
            if added is not None and since < end and start < until
        ]
        assert length == sum(overlap for overlap, _, _ in overlaps)
        expected = math.fsum(added * overlap / whole for overlap, whole, added in overlaps)
        assert math.isnan(amount) if not length else math.isclose(amount, expected, rel_tol=1e-9)


def test_nothing_but_noise_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    values = np.random.default_rng(7).random(20_000) * 1e6
    timestamps = np.arange(values.size) * MINUTE
    calls = Counter[str]()
    for name in ("read", "skip"):
        original = getattr(decisions.Counter, name)
        monkeypatch.setattr(
            decisions.Counter,
            name,
            lambda *args, name=name, original=original: calls.update([name]) or original(*args),
        )

    steps, _ = advance(NEVER_READ, timestamps, values, Rules(5500 / HOUR))

    readings = list(zip(timestamps.tolist(), values.tolist(), strict=True))
    assert told(steps) == counter_reference.steps_of(readings, 5500 / HOUR, None)
    assert sum(calls.values()) <= values.size

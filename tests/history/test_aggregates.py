"""What the readings of each bucket come to, by example and against a slow, obvious reference."""

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from history import aggregates
from history.arrays import Samples
from tests.support import reference

MINUTE = 60_000_000
HOUR = 60 * MINUTE
ALWAYS = 10**15


def samples(*readings: tuple[float, float]) -> Samples:
    """Samples from (minute, value) pairs."""
    timestamps = np.array([int(minute * MINUTE) for minute, _ in readings], np.int64)
    return Samples(timestamps, np.array([value for _, value in readings], np.float64))


def hours(count: int) -> np.ndarray:
    return np.arange(count + 1, dtype=np.int64) * HOUR


def mean(readings: Samples, edges: np.ndarray, interval: int = MINUTE) -> list[float]:
    return aggregates.mean(readings, edges, lookback=5 * interval, known_until=ALWAYS).tolist()


nothing = pytest.approx(math.nan, nan_ok=True)


class TestMeasuredInside:
    READINGS = samples((-5, 100), (0, 3), (20, 1), (59, 2), (60, 7), (125, 9), (240, 100))

    @pytest.mark.parametrize(
        ("name", "expected"),
        [
            ("minimum", [1, 7, 9, math.nan]),
            ("maximum", [3, 7, 9, math.nan]),
            ("total", [6, 7, 9, math.nan]),
            ("count", [3, 1, 1, math.nan]),
            ("first", [3, 7, 9, math.nan]),
            ("last", [2, 7, 9, math.nan]),
        ],
    )
    def test_a_reading_on_an_edge_counts_in_the_bucket_it_begins(
        self, name: str, expected: list[float]
    ) -> None:
        found = getattr(aggregates, name)(self.READINGS, hours(4))

        assert found.tolist() == pytest.approx(expected, nan_ok=True)

    def test_a_sum_beyond_all_floats_is_no_answer(self) -> None:
        assert aggregates.total(samples((0, 1e308), (1, 1e308)), hours(1)).tolist() == [nothing]


class TestMean:
    def test_values_weigh_by_the_time_they_were_held(self) -> None:
        readings = samples((0, 10), (45, 30))

        assert mean(readings, hours(1), HOUR) == [15]

    def test_a_constant_stays_exactly_itself(self) -> None:
        readings = samples(*((minute + 0.123, 0.1) for minute in range(-3, 60)))

        assert mean(readings, hours(1)) == [0.1]

    def test_the_last_value_before_the_window_is_held_into_it(self) -> None:
        assert mean(samples((-1, 6), (2, 12)), np.array([0, 4 * MINUTE])) == [9]

    def test_a_value_is_held_for_five_expected_intervals_and_no_longer(self) -> None:
        edges = np.array([0, 3, 5, 6]) * MINUTE

        assert mean(samples((0, 8)), edges) == [8, 8, nothing]
        covered = aggregates.coverage(
            samples((0, 8)), edges + 1, lookback=5 * MINUTE, known_until=ALWAYS
        )
        assert covered.tolist() == [1, 1 - 1 / (2 * MINUTE), 0]

    def test_a_gap_does_not_weigh_in(self) -> None:
        assert mean(samples((0, 10), (55, 20)), hours(1)) == [15]

    def test_nothing_is_known_of_the_time_after_now(self) -> None:
        readings, edges = samples((0, 10), (2, 30)), np.array([0, 10 * MINUTE])
        until_now = {"lookback": 5 * MINUTE, "known_until": 4 * MINUTE}

        assert aggregates.mean(readings, edges, **until_now).tolist() == [20]
        assert aggregates.coverage(readings, edges, **until_now).tolist() == [0.4]

    def test_without_readings_nothing_is_known(self) -> None:
        assert mean(samples(), hours(2)) == [nothing, nothing]


class TestCircularMean:
    @staticmethod
    def of(*degrees: float) -> float:
        readings = samples(*enumerate(degrees))
        edges = np.array([0, len(degrees)]) * MINUTE
        return aggregates.circular_mean(
            readings, edges, lookback=5 * MINUTE, known_until=ALWAYS
        ).item()

    def test_directions_either_side_of_north_average_to_north(self) -> None:
        assert self.of(350, 20) == pytest.approx(5)
        assert self.of(350, 10) % 360 == pytest.approx(0, abs=1e-9)
        assert 0 <= self.of(350, 10) < 360

    def test_opposite_directions_have_no_mean(self) -> None:
        assert self.of(90, 270) == nothing


# Properties ---------------------------------------------------------------------------------------

values = st.floats(-1e6, 1e6) | st.sampled_from([0.0, 1.0, 50.0])
gaps = st.integers(1, 12) | st.integers(1, 400)


@st.composite
def series(draw: st.DrawFn, values: st.SearchStrategy[float] = values) -> list[tuple[int, float]]:
    """Irregular readings with gaps, ascending."""
    steps = draw(st.lists(st.tuples(gaps, values), max_size=25))
    moments = np.cumsum([step for step, _ in steps]) + draw(st.integers(-60, 10))
    return list(zip(moments.astype(int).tolist(), (value for _, value in steps), strict=True))


edges_of_windows = st.lists(st.integers(0, 300), min_size=2, max_size=8, unique=True).map(sorted)


def arrays(readings: Sequence[tuple[int, float]]) -> Samples:
    return Samples(
        np.array([t for t, _ in readings], np.int64), np.array([v for _, v in readings], float)
    )


def agrees(found: np.ndarray, expected: list[float | None]) -> bool:
    wanted = [math.nan if value is None else value for value in expected]
    return found.tolist() == pytest.approx(wanted, rel=1e-9, abs=1e-6, nan_ok=True)


@given(series(), edges_of_windows)
def test_what_is_measured_inside_agrees_with_the_reference(
    readings: list[tuple[int, float]], edges: list[int]
) -> None:
    found = {
        name: getattr(aggregates, name)(arrays(readings), np.array(edges))
        for name in ("minimum", "maximum", "total", "count", "first", "last")
    }

    within = [reference.inside(readings, bucket) for bucket in pairwise(edges)]
    assert agrees(found["minimum"], [min(v, default=None) for v in within])
    assert agrees(found["maximum"], [max(v, default=None) for v in within])
    assert agrees(found["total"], [math.fsum(v) if v else None for v in within])
    assert agrees(found["count"], [len(v) or None for v in within])
    assert agrees(found["first"], [v[0] if v else None for v in within])
    assert agrees(found["last"], [v[-1] if v else None for v in within])


@given(series(), edges_of_windows, st.integers(1, 30), st.integers(0, 400))
def test_means_and_coverage_agree_with_the_reference(
    readings: list[tuple[int, float]], edges: list[int], interval: int, until: int
) -> None:
    known = {"lookback": 5 * interval, "known_until": until}
    buckets = list(pairwise(edges))

    covered = aggregates.coverage(arrays(readings), np.array(edges), **known)
    found = aggregates.mean(arrays(readings), np.array(edges), **known)

    assert agrees(covered, [reference.coverage(readings, b, interval, until) for b in buckets])
    assert agrees(found, [reference.mean(readings, b, interval, until) for b in buckets])


@given(series(st.floats(-720, 720)), edges_of_windows, st.integers(1, 30))
def test_mean_directions_agree_with_the_reference(
    readings: list[tuple[int, float]], edges: list[int], interval: int
) -> None:
    found = aggregates.circular_mean(
        arrays(readings), np.array(edges), lookback=5 * interval, known_until=ALWAYS
    )

    for degrees, bucket in zip(found.tolist(), pairwise(edges), strict=True):
        vector = reference.direction(readings, bucket, interval, ALWAYS)
        if vector is None or math.hypot(*vector) < 1e-6:
            assert vector is not None or math.isnan(degrees)
            continue
        expected = math.degrees(math.atan2(*vector))
        assert (degrees - expected + 180) % 360 == pytest.approx(180, abs=1e-6)


@given(series(st.floats(allow_nan=False, allow_infinity=False)), edges_of_windows)
def test_no_answer_is_ever_infinite(readings: list[tuple[int, float]], edges: list[int]) -> None:
    known = {"lookback": 50, "known_until": ALWAYS}
    bounds = np.array(edges)

    for found in (
        aggregates.total(arrays(readings), bounds),
        aggregates.mean(arrays(readings), bounds, **known),
    ):
        assert not np.any(np.isinf(found))

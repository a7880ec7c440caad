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


def rise(*readings: tuple[float, float], count: int = 1, watts: float | None = None) -> list[float]:
    """The hourly increases of a counter in Wh."""
    max_rate = None if watts is None else watts / HOUR
    return aggregates.increase(samples(*readings), hours(count), max_rate=max_rate).tolist()


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


class TestIncrease:
    def test_increases_of_adjacent_buckets_add_up_to_that_of_the_whole(self) -> None:
        assert rise((0, 100), (40, 120), (80, 160), (120, 170), count=2) == [40, 30]

    def test_a_reading_on_an_edge_parts_the_buckets_exactly(self) -> None:
        assert rise((0, 100), (60, 130), (120, 135), count=2) == [30, 5]

    def test_a_step_over_an_edge_is_shared_out_by_time(self) -> None:
        assert rise((-10, 100), (10, 120), (50, 160), (90, 200)) == [60]

    def test_a_long_silence_loses_no_energy(self) -> None:
        assert rise((0, 100), (180, 400), count=3) == [100, 100, 100]

    def test_a_counter_that_falls_counted_from_zero(self) -> None:
        assert rise((0, 1000), (30, 1010), (45, 4), (60, 10)) == [20]

    def test_one_reading_tells_no_increase(self) -> None:
        assert rise((30, 100)) == [nothing]

    def test_before_the_first_and_behind_the_last_reading_nothing_is_known(self) -> None:
        assert rise((70, 100), (110, 150), count=3) == [nothing, 50, nothing]

    @pytest.mark.parametrize("glitch", [0, 5, 9_999_999])
    def test_a_reading_that_breaks_a_plausible_rise_is_passed_over(self, glitch: float) -> None:
        readings = ((0, 50_000), (20, 50_010), (40, glitch), (60, 50_030))

        assert rise(*readings, watts=100) == [pytest.approx(30)]

    def test_a_jump_beyond_rated_power_is_no_energy(self) -> None:
        readings = ((0, 100), (20, 110), (40, 900_000), (60, 900_010))

        assert rise(*readings, watts=1000) == [20]

    def test_a_bucket_that_saw_only_a_glitch_is_unknown(self) -> None:
        assert rise((0, 100), (60, 900_000), watts=1000) == [nothing]

    def test_a_reset_to_more_than_rated_power_allows_is_no_energy(self) -> None:
        assert rise((0, 5000), (30, 4000), (60, 4010), watts=100) == [10]

    def test_a_coarse_counter_may_jump_by_what_it_held_back(self) -> None:
        readings = [(minute, 1000 * (minute // 30)) for minute in range(0, 61, 10)]

        assert rise(*readings, watts=2500) == [2000]

    def test_without_rated_power_every_rise_counts(self) -> None:
        assert rise((0, 0), (60, 1e9)) == [1e9]


# Properties ---------------------------------------------------------------------------------------

values = st.floats(-1e6, 1e6) | st.sampled_from([0.0, 1.0, 50.0])
gaps = st.integers(1, 12) | st.integers(1, 400)


@st.composite
def series(draw: st.DrawFn, values: st.SearchStrategy[float] = values) -> list[tuple[int, float]]:
    """Irregular readings with gaps, ascending."""
    steps = draw(st.lists(st.tuples(gaps, values), max_size=25))
    moments = np.cumsum([step for step, _ in steps]) + draw(st.integers(-60, 10))
    return list(zip(moments.astype(int).tolist(), (value for _, value in steps), strict=True))


@st.composite
def counters(draw: st.DrawFn) -> list[tuple[int, float]]:
    """A counter with resets and glitches among its steps."""
    moves = st.sampled_from(["step"] * 6 + ["still", "reset", "zero", "jump"])
    shown, reading = 0.0, []
    for moment, size in draw(series(st.integers(0, 30).map(float))):
        move = draw(moves)
        shown = {"step": shown + size, "reset": size}.get(move, shown)
        reading.append((moment, {"zero": 0.0, "jump": shown + 1e6}.get(move, shown)))
    return reading


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


@given(counters(), edges_of_windows, st.sampled_from([None, 0.5, 3.0, 40.0]))
def test_increases_agree_with_the_reference(
    readings: list[tuple[int, float]], edges: list[int], rate: float | None
) -> None:
    found = aggregates.increase(arrays(readings), np.array(edges), max_rate=rate)

    assert agrees(found, [reference.increase(readings, b, rate) for b in pairwise(edges)])


@given(counters(), edges_of_windows, st.sampled_from([None, 0.5, 3.0, 40.0]))
def test_increases_add_up(
    readings: list[tuple[int, float]], edges: list[int], rate: float | None
) -> None:
    parts = aggregates.increase(arrays(readings), np.array(edges), max_rate=rate)
    whole = aggregates.increase(arrays(readings), np.array([edges[0], edges[-1]]), max_rate=rate)

    assert np.nansum(parts) == pytest.approx(np.nansum(whole), rel=1e-9, abs=1e-6)


@given(series(st.floats(allow_nan=False, allow_infinity=False)), edges_of_windows)
def test_no_answer_is_ever_infinite(readings: list[tuple[int, float]], edges: list[int]) -> None:
    known = {"lookback": 50, "known_until": ALWAYS}
    bounds = np.array(edges)

    for found in (
        aggregates.total(arrays(readings), bounds),
        aggregates.mean(arrays(readings), bounds, **known),
        aggregates.increase(arrays(readings), bounds),
        aggregates.increase(arrays(readings), bounds, max_rate=1e9),
    ):
        assert not np.any(np.isinf(found))

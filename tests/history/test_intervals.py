"""Amounts of intervals, shared out over buckets by time."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from history.arrays import Samples
from history.intervals import amounts

HALF_HOUR = 1_800
READINGS = st.dictionaries(
    st.integers(0, 40_000), st.floats(-1e6, 1e6, allow_subnormal=False), max_size=30
)
CUTS = st.lists(st.integers(-5_000, 50_000), min_size=2, max_size=20, unique=True).map(sorted)


def series(readings: dict[int, float]) -> Samples:
    times = sorted(readings)
    return Samples(np.array(times, np.int64), np.array([readings[at] for at in times], float))


@given(READINGS, CUTS, st.integers(1, 5_000))
def test_any_partition_of_a_window_adds_up_to_the_whole(
    readings: dict[int, float], cuts: list[int], length: int
) -> None:
    samples = series(readings)
    parts, covered = amounts(samples, np.array(cuts), length)
    whole, whole_covered = amounts(samples, np.array([cuts[0], cuts[-1]]), length)
    size = sum(map(abs, readings.values()))
    assert np.nansum(parts) == pytest.approx(np.nansum(whole), abs=1e-9 * size)
    assert np.dot(covered, np.diff(cuts)) == pytest.approx(whole_covered[0] * (cuts[-1] - cuts[0]))
    assert (np.isnan(parts) == (covered == 0)).all()


@given(READINGS, st.integers(1, 5_000))
def test_every_amount_counts_once_and_whole(readings: dict[int, float], length: int) -> None:
    found, _ = amounts(series(readings), np.array([-1, 100_000]), length)
    size = sum(map(abs, readings.values()))
    assert np.nan_to_num(found)[0] == pytest.approx(sum(readings.values()), abs=1e-9 * size)


def test_an_amount_across_an_edge_is_split_by_time() -> None:
    found, covered = amounts(series({0: 6.0}), np.array([0, 600, 1_800, 3_600]), HALF_HOUR)
    assert found[:2].tolist() == [2.0, 4.0]
    assert np.isnan(found[2])
    assert covered.tolist() == [1, 1, 0]


def test_an_interval_ends_where_the_next_begins() -> None:
    found, covered = amounts(series({0: 6.0, 900: 5.0}), np.array([0, 900, 2_700]), HALF_HOUR)
    assert (found.tolist(), covered.tolist()) == ([6.0, 5.0], [1, 1])


def test_a_gap_is_not_covered() -> None:
    found, covered = amounts(series({0: 6.0, 3_600: 5.0}), np.array([0, 3_600]), HALF_HOUR)
    assert (found.tolist(), covered.tolist()) == ([6.0], [0.5])

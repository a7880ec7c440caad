"""A day of readings as bytes, and back."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from history.arrays import ReadingBatch, Samples
from history.buckets import DAY, MINUTE
from history.relational import codec
from history.relational.codec import Sealed, sealed
from history.relational.rollups import Layout, Nature, heads_of

START = 20_454 * DAY
GAUGE = Nature(is_counter=False, hold=5 * MINUTE)
COUNTER = Nature(is_counter=True, hold=5 * MINUTE)

instants = st.integers(-3 * DAY, 3 * DAY) | st.integers(0, 30)
values = st.floats(allow_nan=False, allow_infinity=False, allow_subnormal=True)
readings = st.tuples(st.integers(1, 3), instants, values)


def packs_of(rows: list[tuple[int, int, float]], nature: Nature = GAUGE) -> list[Sealed]:
    return list(sealed(ReadingBatch.of(*zip(*rows, strict=True)), dict.fromkeys(range(9), nature)))


def opened(times: bytes, vals: bytes) -> Samples:
    return Samples(codec.moments(times), codec.values(vals))


def bits(number: float) -> bytes:
    return np.float64(number).tobytes()


@given(st.lists(readings, min_size=1, max_size=60), st.sampled_from([GAUGE, COUNTER]))
def test_every_reading_comes_back_bit_for_bit(
    rows: list[tuple[int, int, float]], nature: Nature
) -> None:
    expected = {(metric, timestamp): bits(value) for metric, timestamp, value in rows}

    packs = packs_of(rows, nature)

    found = {}
    for pack in packs:
        samples = opened(pack.times, pack.vals)
        timestamps = samples.timestamps.tolist()
        assert timestamps == sorted(set(timestamps))
        assert {timestamp // DAY for timestamp in timestamps} == {pack.day}
        assert (pack.n, pack.first, pack.last) == (len(samples), timestamps[0], timestamps[-1])
        assert (pack.low, pack.high) == (samples.values.min(), samples.values.max())
        found |= {
            (pack.metric_id, t): bits(v) for t, v in zip(timestamps, samples.values, strict=True)
        }
    assert found == expected
    assert len({(pack.metric_id, pack.day) for pack in packs}) == len(packs)


@pytest.mark.parametrize("value", [-0.0, 0.0, 5e-324, -2.2e-308, 1.7976931348623157e308, 0.1])
def test_one_reading_of_any_finite_value_comes_back(value: float) -> None:
    [pack] = packs_of([(1, START + 1, value)])
    assert opened(pack.times, pack.vals).values.tobytes() == bits(value)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_is_refused(value: float) -> None:
    with pytest.raises(ValueError, match="finite"):
        packs_of([(1, START, 1.0), (1, START + 1, value)])


def test_a_reading_a_second_comes_back() -> None:
    random = np.random.default_rng(1)
    timestamps = START + np.arange(86_400) * 1_000_000 + random.integers(0, 1_000_000, 86_400)
    values = random.normal(size=86_400)

    [pack] = sealed(ReadingBatch(np.full(86_400, 1), timestamps, values), {1: GAUGE})

    samples = opened(pack.times, pack.vals)
    assert samples.timestamps.tobytes() == timestamps.tobytes()
    assert samples.values.tobytes() == values.tobytes()


def test_of_two_readings_of_one_instant_the_later_one_is_kept() -> None:
    [pack] = packs_of([(1, START, 1.0), (1, START + 5, 3.0), (1, START, 2.0)])
    assert opened(pack.times, pack.vals).values.tolist() == [2.0, 3.0]


def test_no_readings_are_no_packs() -> None:
    assert not list(sealed(ReadingBatch.of([], [], []), {}))


def minutes(values: np.ndarray, nature: Nature) -> Sealed:
    timestamps = START + MINUTE * np.arange(values.size)
    [pack] = sealed(ReadingBatch.of(np.full(values.size, 1), timestamps, values), {1: nature})
    return pack


def test_a_regular_day_of_a_slow_gauge_takes_little_room() -> None:
    pack = minutes(np.round(20 + 5 * np.sin(np.arange(1440) / 200), 1), GAUGE)
    assert len(pack.times) < 80
    assert len(pack.times + pack.vals + pack.quarters + (pack.extremes or b"")) < 1440


@pytest.mark.parametrize(
    ("values", "nature", "layout"),
    [
        (np.arange(1440), GAUGE, Layout.MEASURED),
        (np.arange(1440), COUNTER, Layout.RISING),
        (np.arange(1440) % 1000, COUNTER, Layout.MEASURED),
        (np.arange(100), COUNTER, 0),  # told from the readings as fast
        (np.where(np.arange(1440) % 2, 1e308, -1e308), GAUGE, 0),  # their sums overflow
    ],
)
def test_a_days_quarter_hours_are_kept_as_far_as_they_tell_exactly(
    values: np.ndarray, nature: Nature, layout: int
) -> None:
    assert heads_of([minutes(values, nature).quarters])["layout"] == [layout]


def test_the_steepest_rise_is_that_since_the_counter_last_moved() -> None:
    values = np.floor(np.arange(1440) / 100) * 100
    (steepest,) = heads_of([minutes(values, COUNTER).quarters])["rise"]
    assert steepest == pytest.approx(100 / (100 * MINUTE))

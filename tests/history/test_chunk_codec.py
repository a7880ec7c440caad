"""A day of readings as bytes, and back."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pcodec.standalone import simple_decompress

from history.arrays import ReadingBatch, Samples
from history.buckets import DAY, MINUTE
from history.counters import NEVER_READ, Rules, advance
from history.merge import Level
from history.relational.chunks import ChunkRow, decoded_chunks, encoded_chunks
from history.relational.increments import States
from history.relational.rollups import EncodedRollup, Traits

START = 20_454 * DAY
GAUGE = Traits(5 * MINUTE)
COUNTER = Traits(5 * MINUTE, Rules())

instants = st.integers(-3 * DAY, 3 * DAY) | st.integers(0, 30)
values = st.floats(allow_nan=False, allow_infinity=False, allow_subnormal=True)
readings = st.tuples(st.integers(1, 3), instants, values)


def chunks_of(rows: list[tuple[int, int, float]], traits: Traits = GAUGE) -> list[ChunkRow]:
    batch = ReadingBatch.of(*zip(*rows, strict=True)).deduplicated()
    days = batch.timestamps // DAY
    return [
        chunk
        for day in np.unique(days).tolist()
        for chunk in encoded(day, batch[days == day].by_metric(), traits)
    ]


def encoded(day: int, readings: Level, traits: Traits) -> list[ChunkRow]:
    """The chunks of a day, of counters as if they had never been read before."""
    all_traits = dict.fromkeys(readings, traits)
    return list(encoded_chunks(day, readings, all_traits, dict.fromkeys(readings, NEVER_READ)))


def opened(chunk: ChunkRow) -> Samples:
    return decoded_chunks([(1, chunk.n, chunk.times, chunk.vals)])[1]


def bits(number: float) -> bytes:
    return np.float64(number).tobytes()


@given(st.lists(readings, min_size=1, max_size=60), st.sampled_from([GAUGE, COUNTER]))
def test_every_reading_comes_back_bit_for_bit(
    rows: list[tuple[int, int, float]], traits: Traits
) -> None:
    expected = {(metric, timestamp): bits(value) for metric, timestamp, value in rows}

    chunks = chunks_of(rows, traits)

    found = {}
    for chunk in chunks:
        samples = opened(chunk)
        timestamps = samples.timestamps.tolist()
        assert timestamps == sorted(set(timestamps))
        assert {timestamp // DAY for timestamp in timestamps} == {chunk.day}
        assert chunk.n == len(samples)
        found |= {
            (chunk.metric_id, t): bits(v) for t, v in zip(timestamps, samples.values, strict=True)
        }
    assert found == expected
    assert len({(chunk.metric_id, chunk.day) for chunk in chunks}) == len(chunks)


@pytest.mark.parametrize("value", [-0.0, 0.0, 5e-324, -2.2e-308, 1.7976931348623157e308, 0.1])
def test_one_reading_of_any_finite_value_comes_back(value: float) -> None:
    [chunk] = chunks_of([(1, START + 1, value)])
    assert opened(chunk).values.tobytes() == bits(value)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_is_refused(value: float) -> None:
    with pytest.raises(ValueError, match="finite"):
        chunks_of([(1, START, 1.0), (1, START + 1, value)])


def test_a_reading_a_second_comes_back() -> None:
    random = np.random.default_rng(1)
    timestamps = START + np.arange(86_400) * 1_000_000 + random.integers(0, 1_000_000, 86_400)
    values = random.normal(size=86_400)

    [chunk] = encoded(START // DAY, {1: Samples(timestamps, values)}, GAUGE)

    samples = opened(chunk)
    assert samples.timestamps.tobytes() == timestamps.tobytes()
    assert samples.values.tobytes() == values.tobytes()


def test_of_two_readings_of_one_instant_the_later_one_is_kept() -> None:
    [chunk] = chunks_of([(1, START, 1.0), (1, START + 5, 3.0), (1, START, 2.0)])
    assert opened(chunk).values.tolist() == [2.0, 3.0]


def test_no_readings_are_no_chunks() -> None:
    assert not encoded(0, {}, GAUGE)


def minutes(values: np.ndarray, traits: Traits) -> ChunkRow:
    timestamps = START + MINUTE * np.arange(values.size)
    [chunk] = encoded(START // DAY, {1: Samples(timestamps, values.astype(float))}, traits)
    return chunk


def test_a_regular_day_of_a_slow_gauge_takes_little_room() -> None:
    chunk = minutes(np.round(20 + 5 * np.sin(np.arange(1440) / 200), 1), GAUGE)
    assert len(chunk.times) < 80
    assert sum(len(column) for column in chunk if isinstance(column, bytes)) < 1440


@pytest.mark.parametrize(
    ("values", "traits", "kept"),
    [
        (np.arange(1440) % 7, GAUGE, {"shape", "means", "lasts", "extremes"}),
        (np.arange(1440), GAUGE, {"shape", "means", "extremes"}),  # each last value is the high
        (np.arange(1440), COUNTER, {"shape", "extremes"}),
        (np.arange(1440) % 1000, COUNTER, {"shape", "lasts", "extremes"}),
        (np.arange(100), COUNTER, set()),  # told from the readings as fast
        (np.where(np.arange(1440) % 2, 1e308, -1e308), GAUGE, set()),  # their sums overflow
    ],
)
def test_a_days_rollup_is_kept_as_far_as_it_tells_exactly(
    values: np.ndarray, traits: Traits, kept: set[str]
) -> None:
    chunk = minutes(values, traits)
    rollup = EncodedRollup._fields
    assert {name for name in rollup if getattr(chunk, name) is not None} == kept


def test_a_counters_day_tells_what_it_added_and_how_it_goes_on() -> None:
    values = np.arange(1440.0)
    chunk = minutes(values, COUNTER)
    _, state = advance(NEVER_READ, START + MINUTE * np.arange(1440), values, Rules())

    assert States([chunk.state])[0] == state
    increments = simple_decompress(chunk.increments)
    assert increments.tolist() == [15.0] * 95 + [14.0]


def test_a_gauge_adds_nothing() -> None:
    chunk = minutes(np.arange(1440), GAUGE)
    assert chunk.increments is chunk.state is None

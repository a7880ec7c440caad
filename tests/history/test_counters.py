"""What each reading of a counter adds, by example."""

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest

from history.counters import NEVER_READ, CounterState, Rules, Steps, advance, advance_all, shared

MINUTE = 60_000_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR
START = 20_454 * DAY  # 2026-01-01T00:00:00Z
UNRATED = Rules()
RATED = Rules(max_rate=1.1 * 5 / HOUR)  # kWh at 5 kW
RATED_WH = Rules(max_rate=1.1 * 5000 / HOUR)

Pairs = Sequence[tuple[float, float]]


def arrays(readings: Pairs) -> tuple[np.ndarray, np.ndarray]:
    """Timestamps and values from (minute, value) pairs."""
    minutes = np.array([minute for minute, _ in readings])
    return START + (minutes * MINUTE).astype(np.int64), np.array([float(v) for _, v in readings])


def every(minutes: float, *values: float) -> Pairs:
    """One value after the other, so many minutes apart."""
    return [(place * minutes, value) for place, value in enumerate(values)]


def advanced(readings: Pairs, rules: Rules) -> tuple[Steps, CounterState]:
    return advance(NEVER_READ, *arrays(readings), rules)


def added(readings: Pairs, rules: Rules = RATED) -> list[float | None]:
    """What each step adds, None where nothing is known of it."""
    steps, _ = advanced(readings, rules)
    amounts, known = steps.amount.tolist(), steps.known.tolist()
    return [
        pytest.approx(amount, abs=1e-6) if is_known else None
        for amount, is_known in zip(amounts, known, strict=True)
    ]


def total(readings: Pairs, rules: Rules = RATED) -> float:
    return advanced(readings, rules)[0].amount.sum()


def by_day(timestamps: np.ndarray, values: np.ndarray, rules: Rules) -> list[Steps]:
    """The steps that each day's readings decide, its state kept as bytes from day to day."""
    bounds = np.searchsorted(timestamps, np.arange(START, timestamps[-1] + DAY + 1, DAY)).tolist()
    packed, days = NEVER_READ.to_bytes(), []
    for low, high in pairwise(bounds):
        state = CounterState.from_bytes(packed)
        steps, state = advance(state, timestamps[low:high], values[low:high], rules)
        packed = state.to_bytes()
        days.append(steps)
    return days


def joined(days: Sequence[Steps]) -> Steps:
    return Steps(
        *(
            np.concatenate([getattr(steps, name) for steps in days])
            for name in ("since", "until", "amount", "known")
        )
    )


COARSE = [(minute, 700.0 + (minute + 55) // 60) for minute in range(-1440, 2 * 1440)]
# One reading on the second of four days is garbled.
GARBLED = [(60 * hour, 1.8e19 if hour == 33 else 5000.0 + 100 * hour) for hour in range(4 * 24 + 1)]


class TestReported:
    """Series that people reported, and what they come to."""

    CASES = pytest.mark.parametrize(
        ("readings", "rules", "expected"),
        [
            (every(1, 215.6, 215.7, 215.6), UNRATED, 0.1),
            (every(60, 42255.67, 42255.63, 42255.77), UNRATED, 0.1),
            (every(60, 13423.7, 0, 13423.9), UNRATED, 0.2),
            (every(60, 3.0, 3.2, 3.1, 3.3, 3.6), RATED, 0.6),
            (every(60, 3.9, 4.0, 0, 4.1, 4.2), RATED, 0.3),
            (every(60, 65000, 300, 400), RATED_WH._replace(rollover=65536), 936),
            (every(60, 65000, 300, 400), Rules(rollover=65536), 936),
            (every(1440, 65000, 300, 400), RATED_WH._replace(rollover=65536), 936),
        ],
    )

    @CASES
    def test_the_whole(self, readings: Pairs, rules: Rules, expected: float) -> None:
        steps, _ = advanced(readings, rules)

        amounts, known = shared(steps, np.array([START, START + 4 * DAY]))

        assert amounts.tolist() == [pytest.approx(expected)]
        assert known.tolist() == [arrays(readings)[0][-1] - START]

    @CASES
    def test_each_hour_alone(self, readings: Pairs, rules: Rules, expected: float) -> None:
        steps, _ = advanced(readings, rules)
        edges = START + np.arange(4 * 24 + 1) * HOUR

        alone = [shared(steps, np.array(bucket))[0].item() for bucket in pairwise(edges)]

        assert np.nansum(alone) == pytest.approx(expected)
        assert alone == pytest.approx(shared(steps, edges)[0].tolist(), nan_ok=True)

    @CASES
    def test_read_one_at_a_time(self, readings: Pairs, rules: Rules, expected: float) -> None:
        timestamps, values = arrays(readings)
        state, amount = NEVER_READ, 0.0
        for place in range(timestamps.size):
            one = slice(place, place + 1)
            state = CounterState.from_bytes(state.to_bytes())
            steps, state = advance(state, timestamps[one], values[one], rules)
            amount += steps.amount.sum()

        assert amount == pytest.approx(expected)

    def test_a_coarse_counter_shows_each_hour_what_it_does_in_a_day(self) -> None:
        steps = joined(by_day(*arrays(COARSE), RATED))
        hours = START + np.arange(25) * HOUR

        assert shared(steps, np.array([START, START + DAY]))[0].tolist() == [24]
        assert shared(steps, hours)[0].tolist() == [1] * 24
        assert [shared(steps, hours[n : n + 2])[0].item() for n in range(24)] == [1] * 24

    def test_the_first_day_of_a_coarse_counter_is_like_any_other(self) -> None:
        first = [(minute, value) for minute, value in COARSE if 0 <= minute < 1440]

        assert total(first, RATED) == 24

    @pytest.mark.parametrize("apart", [True, False])
    def test_a_garbled_reading_counts_on_no_day(self, apart: bool) -> None:
        timestamps, values = arrays(GARBLED)
        days = by_day(timestamps, values, UNRATED)
        steps = joined(days) if apart else advance(NEVER_READ, timestamps, values, UNRATED)[0]
        edges = START + np.arange(5) * DAY

        assert shared(steps, edges)[0].tolist() == pytest.approx([2400] * 4)
        assert shared(steps, edges[1:3])[0].tolist() == pytest.approx([2400])
        assert shared(steps, edges)[1].tolist() == [DAY] * 4


class TestRise:
    def test_the_first_reading_adds_nothing(self) -> None:
        steps, state = advanced([(0, 500)], RATED)

        assert len(steps) == 0
        assert state.level == 500

    def test_a_first_rise_from_zero_is_confirmed_by_the_next_reading(self) -> None:
        assert added(every(60, 0, 100), UNRATED) == []
        assert added(every(60, 0, 100, 200), UNRATED) == [100, 100]
        assert added(every(60, 0, 1, 3, 8, 9), UNRATED) == [8, 1]

    def test_a_rated_counter_rises_from_zero_at_once(self) -> None:
        assert added(every(60, 0, 4)) == [4]

    def test_a_rise_after_weeks_of_silence_may_be_large(self) -> None:
        assert added([(0, 100), (3 * 7 * 1440, 2500), (3 * 7 * 1440 + 60, 2501)]) == [2400, 1]

    @pytest.mark.parametrize("watts", [3000, 4500, 5000])
    def test_a_coarse_counter_is_plausible_at_any_power(self, watts: int) -> None:
        # 0.1 kWh a jump, each minute or two: steeper than the rated power from minute to minute.
        energy = [10 * math.floor(100 + watts / 6000 * minute) / 100 for minute in range(600)]

        steps, _ = advanced(every(1, *energy), RATED)

        assert len(steps) == 599
        assert steps.known.all()
        assert steps.amount.sum() == pytest.approx(energy[-1] - energy[0])

    def test_an_implausible_rise_that_stays_adds_nothing(self) -> None:
        assert added(every(60, 100, 101, 9000)) == [1]
        assert added(every(60, 100, 101, 9000, 9002, 9003)) == [1, None, 2, 1]

    def test_a_rise_becomes_plausible_with_time(self) -> None:
        assert added(every(60, 100, 101, 109, 110)) == [1, 9]


class TestDip:
    def test_noise_counts_once(self) -> None:
        noisy = every(1, 100, 100.1, 100, 100.1, 100.05, 100.2)

        assert added(noisy, UNRATED) == [0.1, 0, 0, 0, 0.1]

    def test_a_correction_is_the_level_after_a_day(self) -> None:
        corrected = [(0, 1000), (60, 980), *((60 + 60 * n, 980 + n / 10) for n in range(1, 40))]

        steps, _ = advanced(corrected, RATED)

        assert steps.until[steps.amount > 0].min() == START + (60 + 25 * 60) * MINUTE
        assert steps.amount.sum() == pytest.approx(1.5)

    def test_a_dip_of_just_a_day_is_none(self) -> None:
        assert added([(0, 100), (60, 95), (1500, 96), (1501, 101)], UNRATED) == [0, 0, 1]


class TestBlip:
    @pytest.mark.parametrize("rules", [UNRATED, RATED])
    @pytest.mark.parametrize("blip", [(0,), (0, 0), (0, 0.01, 0), (1.8e19,), (5, 1e9, 0), (-1,)])
    def test_only_the_rise_on_return_counts(self, blip: Sequence[float], rules: Rules) -> None:
        readings = every(10, 13423.6, 13423.7, *blip, 13423.9, 13424)

        # The two that were taken for a reset stay one, and add nothing but what they show.
        assert total(readings, rules) == pytest.approx(0.4, abs=0.011)

    def test_several_implausible_readings_are_a_blip_as_well(self) -> None:
        assert added(every(10, 100, 9e9, 9e9, 9e9, 100.1, 100.2)) == [None, 0, 0, 0.1, 0.1]

    def test_a_counter_that_always_rises_too_fast_tells_nothing(self) -> None:
        """Somebody gave a rated power in kW where W are meant."""
        steep = every(1, *(1000 + 50 * n for n in range(200)))
        assert set(added(steep, Rules(max_rate=1.1 * 5 / HOUR))) == {None}

    def test_garbled_readings_that_climb_are_forgotten_on_return(self) -> None:
        assert added(every(10, 100, 5e8, 9e9, 9e11, 100.1, 100.2)) == [None, None, 0.1, 0.1]

    def test_what_was_taken_for_a_reset_stays(self) -> None:
        assert added(every(60, 100, 3, 4, 101), UNRATED) == [3, 1, 1]

    def test_one_garbled_reading_too_small_to_be_told_counts_once(self) -> None:
        assert added(every(60, 100, 150, 100.1, 100.2), UNRATED) == [50, 0.1, 0.1]

    def test_a_return_with_noise_is_a_dip(self) -> None:
        assert added(every(10, 13423.7, 0, 0, 13423.6, 13423.8), UNRATED) == [0, 0, 0, 0.1]

    def test_a_blip_while_a_rise_is_unconfirmed(self) -> None:
        assert total(every(60, 0, 1, 1.8e19, 2, 3), UNRATED) == 3
        assert total(every(60, 5, 20, 0, 21, 22), UNRATED) == 17

    def test_a_counter_that_shows_less_than_nothing_shows_nothing(self) -> None:
        steps, _ = advanced(every(60, 0.0, -0.1, -0.0, -5, 1), RATED)

        assert steps.amount.tolist() == [0, 1]
        assert len(advanced(every(60, -3, -2, -1), RATED)[0]) == 0

    def test_what_is_no_number_is_no_reading(self) -> None:
        readings = every(60, math.inf, 5, math.nan, 6, math.inf, 7)

        assert added(readings) == [1, 1]

    @pytest.mark.parametrize("rules", [UNRATED, RATED])
    def test_zero_has_no_sign(self, rules: Rules) -> None:
        signed, state = advanced(every(60, -0.0, 0.0, -0.0, 5, -0.0, -0.0, 1, 1), rules)
        plain, expected = advanced(every(60, 0.0, 0.0, 0.0, 5, 0.0, 0.0, 1, 1), rules)

        assert signed.amount.tobytes() == plain.amount.tobytes()
        assert state.to_bytes() == expected.to_bytes()
        assert not np.signbit(signed.amount).any()


class TestReset:
    def test_it_counts_from_zero(self) -> None:
        assert added(every(60, 100, 101, 3, 4)) == [1, 3, 1]

    def test_the_newest_fall_is_undecided(self) -> None:
        assert added(every(60, 100, 101, 3)) == [1]

    def test_one_to_more_than_is_plausible_adds_nothing(self) -> None:
        assert added(every(60, 5000, 4000, 4001)) == [None, 1]

    @pytest.mark.parametrize("rules", [UNRATED, Rules(max_rate=1.1 * 11 / HOUR)])
    def test_a_session_that_passes_the_one_before_is_one(self, rules: Rules) -> None:
        first = [round(0.1 * n, 1) for n in range(121)]
        second = [round(0.1 * n, 1) for n in range(151)]

        assert total(every(1, *first, 0, 0, 0, *second), rules) == pytest.approx(12 + 15)
        assert total(every(1, *first, *second[1:]), rules) == pytest.approx(12 + 15)

    def test_a_dip_that_falls_further_is_one(self) -> None:
        assert added(every(60, 100, 95, 0, 1, 2)) == [0, 0, 1, 1]

    def test_a_day_later_no_blip_returns(self) -> None:
        assert added([(0, 13), (60, 0), (61, 0), (1600, 14), (1660, 15)]) == [0, 0, 14, 1]

    def test_after_a_day_of_silence_the_fall_is_one_if_it_may_be(self) -> None:
        assert added([(0, 12), (60, 0), (3000, 15)]) == [0, 15]
        assert added([(0, 13423), (60, 0), (3000, 13450)]) == [27]
        assert added([(0, 13), (60, 0), (61, 900), (62, 0), (1500.5, 14)]) == [0, 14]

    @pytest.mark.parametrize("dip", [(), (11.8,)])
    def test_an_old_level_that_was_passed_does_not_return(self, dip: Sequence[float]) -> None:
        climbed = [2, 4, 6, 8, 10, 11, 11.9, *dip, 12.01, 13, 13.6]
        fallen = [12.1, 12.2]  # by more than a tenth: it was reset again

        readings = every(1, 12, 0, 0, *climbed, *fallen)

        assert total(readings, Rules(1e6)) == pytest.approx(13.6 + 12.2)

    def test_a_leap_over_the_old_level_leaves_none(self) -> None:
        assert added(every(1, 12, 0, 0, 30, 31, 12.5, 12.6), UNRATED) == [0, 0, 30, 1, 12.5, 0.1]


class TestRollover:
    RULES = RATED_WH._replace(rollover=65536)

    def test_an_implausible_one_is_a_reset(self) -> None:
        assert added(every(60, 40000, 300, 400), self.RULES) == [300, 100]

    def test_a_blip_is_none(self) -> None:
        assert added(every(60, 65000, 300, 65010, 65020), self.RULES) == [10, 10]

    def test_a_fall_from_the_lower_half_is_a_reset(self) -> None:
        assert added(every(60, 20000, 300, 400), self.RULES) == [300, 100]

    def test_a_coarse_register_wraps_after_standing_still(self) -> None:
        readings = [(minute, (65_000 + 1000 * (minute // 30)) % 65536) for minute in range(120)]

        assert total(readings, self.RULES) == 3000


class TestState:
    def test_it_has_one_size(self) -> None:
        states = [
            advanced(readings, UNRATED)[1]
            for readings in ([], every(1, 5), every(1, 5, 4.9, 0), every(1, 5, 0, 0, 1e300, 2))
        ]

        assert {len(state.to_bytes()) for state in states} == {CounterState.SIZE}
        assert [CounterState.from_bytes(state.to_bytes()) for state in states] == states

    def test_without_readings_nothing_changes(self) -> None:
        nothing = np.empty(0, np.int64), np.empty(0)
        _, state = advanced(every(60, 100, 95, 0), RATED)

        assert advance(state, *nothing, RATED)[1] == state
        assert advance(NEVER_READ, *nothing, RATED)[1] == NEVER_READ
        assert len(advance_all([], np.zeros(1, np.int64), *nothing, [])[0]) == 0

    def test_readings_out_of_order_are_refused(self) -> None:
        _, state = advanced(every(60, 100, 101), RATED)

        with pytest.raises(ValueError, match="ascend"):
            advance(state, *arrays([(60, 102)]), RATED)


class TestShared:
    def test_a_step_across_an_edge_is_shared_out_by_time(self) -> None:
        steps, _ = advanced([(0, 100), (40, 120), (80, 160), (120, 170)], UNRATED)
        edges = START + np.array([-1, 0, 1, 2, 3]) * HOUR

        amounts, known = shared(steps, edges)

        assert amounts.tolist() == pytest.approx([math.nan, 40, 30, math.nan], nan_ok=True)
        assert known.tolist() == [0, HOUR, HOUR, 0]

    def test_time_of_which_nothing_is_known_has_no_answer(self) -> None:
        steps, _ = advanced(every(60, 100, 9000, 9001), RATED)

        amounts, known = shared(steps, START + np.arange(3) * HOUR)

        assert amounts.tolist() == pytest.approx([math.nan, 1], nan_ok=True)
        assert known.tolist() == [0, HOUR]

    def test_a_bucket_is_exact_whatever_was_counted_before(self) -> None:
        steps, _ = advanced(every(60, 0, 1.7e16, 1.7e16, 0, 0, 0.1, 0.2, 0.3), UNRATED)
        edges = START + np.arange(8) * HOUR

        amounts = shared(steps, edges)[0].tolist()

        assert amounts == [1.7e16, 0, 0, 0, 0.1, 0.2 - 0.1, 0.3 - 0.2]

    def test_a_sum_beyond_all_floats_is_no_answer(self) -> None:
        steps, _ = advanced(every(1, 0, 1.7e308, 1.7e308, 0, 0, 8e307, 8e307), UNRATED)

        assert np.isnan(shared(steps, np.array([START, START + HOUR]))[0]).all()

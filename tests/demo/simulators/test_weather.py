"""Weather: hours keep their means, light obeys the sun, clocks obey the zone."""

from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from demo.simulators.days import Days, day_of
from demo.simulators.noise import seed_of, smooth, uniform
from demo.simulators.weather import SOLAR_CONSTANT, Weather, shipped_year
from ingest.typical_year import read_typical_year

NEW_YORK = ZoneInfo("America/New_York")
JUNE_1 = 20_605  # 1 June 2026
FILES = ["723170TYA.CSV", "703165TY.csv", "12839.tm2"]


@pytest.fixture(scope="module", params=FILES)
def weather(request) -> Weather:
    year = shipped_year(request.param)
    return Weather(year, Days(JUNE_1, 20, year.utc_offset, NEW_YORK), seed=7)


def hourly(minutes: np.ndarray) -> np.ndarray:
    return minutes.reshape(len(minutes), 24, 60).mean(axis=2)


def test_hours_keep_their_mean_light(weather):
    light, measured = weather.irradiance, weather.year.ghi.reshape(365, 24)[weather.days.typical]
    high = weather.sun.height.reshape(-1, 24, 60).min(axis=2) > 0.1
    error = np.abs(hourly(light.ghi) - measured)[high]
    assert np.quantile(error, 0.9) < 1.0
    assert error.mean() < 0.01 * measured[high].mean()


def test_global_light_is_beam_and_diffuse_together(weather):
    light = weather.irradiance
    assert np.allclose(light.ghi, light.dni * weather.sun.height + light.dhi)
    assert light.ghi.min() >= 0.0
    assert light.dni.min() >= 0.0
    assert light.dni.max() < SOLAR_CONSTANT


def test_it_is_dark_while_the_sun_is_down(weather):
    assert np.all(weather.irradiance.ghi[weather.sun.zenith >= 90.0] == 0.0)


def test_the_sun_agrees_with_the_almanac(weather):
    """Against pvlib's NREL algorithm for the real day, away from the zenith's quick azimuth."""
    import pandas as pd
    from pvlib.solarposition import get_solarposition

    at = pd.to_datetime(weather.days.minutes[10] * 60 + 30, unit="s", utc=True)
    exact = get_solarposition(at, weather.year.latitude, weather.year.longitude)
    zenith, azimuth = exact["zenith"].to_numpy(), exact["azimuth"].to_numpy()
    assert np.abs(weather.sun.zenith[10] - zenith).max() < 0.5
    turn = np.abs((weather.sun.azimuth[10] - azimuth + 180.0) % 360.0 - 180.0)
    assert turn[zenith > 15.0].max() < 1.5


def test_temperature_and_wind_pass_through_the_measured_hours(weather):
    measured = weather.year.temp_air.reshape(365, 24)[weather.days.typical]
    assert np.allclose(weather.temp_air[:, 60::60], measured[:, :-1])
    assert np.allclose(hourly(weather.wind_speed).mean(), weather.year.wind_speed.reshape(
        365, 24)[weather.days.typical].mean(), rtol=0.05)  # fmt: skip
    assert weather.wind_speed.min() >= 0.0


def test_a_file_of_part_of_a_year_is_refused(tmp_path):
    import pvlib

    whole = tmp_path / "whole.csv"
    source = f"{pvlib.__path__[0]}/data/723170TYA.CSV"
    with open(source) as file:  # noqa: PTH123
        whole.write_text("".join(file.readlines()[:100]))
    with pytest.raises(ValueError, match="hours"):
        read_typical_year(whole)


@pytest.mark.parametrize(
    ("date", "typical"),
    [("2026-01-01", 0), ("2026-12-31", 364), ("2028-02-28", 58), ("2028-02-29", 58),
     ("2028-03-01", 59), ("2028-12-31", 364)],
)  # fmt: skip
def test_every_date_has_a_typical_day(date, typical):
    number = int(np.datetime64(date, "D").astype(int))
    assert Days(number, 1, -300, NEW_YORK).typical[0] == typical


def test_peoples_clocks_spring_forward_and_fall_back():
    spring = int(np.datetime64("2026-03-08", "D").astype(int))
    clock = Days(spring, 1, -300, NEW_YORK).minute_of_day[0]
    assert clock[119] == 119
    assert clock[120] == 180
    autumn = int(np.datetime64("2026-11-01", "D").astype(int))
    days = Days(autumn, 1, -300, NEW_YORK)
    assert days.minute_of_day[0, 0] == 60  # still summer time
    assert days.minute_of_day[0, 60] == 60
    assert days.weekday[0, 720] == 6


def test_an_instant_falls_in_its_standard_day():
    midnight = (20_605 * 1440 + 300) * 60_000_000
    assert day_of(midnight, -300) == 20_605
    assert day_of(midnight - 1, -300) == 20_604


@given(
    seed=st.integers(0, 2**64 - 1), start=st.integers(0, 10**8), shift=st.integers(0, 4000),
    period=st.integers(1, 500),
)  # fmt: skip
def test_noise_is_the_same_from_whichever_side_it_is_seen(seed, start, shift, period):
    far = np.arange(start, start + 5000, dtype=np.int64)
    whole = smooth(seed, far, period)
    assert np.array_equal(smooth(seed, far[shift:], period), whole[shift:])
    assert np.abs(whole).max() <= 1.0


def test_noise_is_uniform_and_its_seeds_are_independent():
    index = np.arange(100_000)
    one, other = (uniform(seed_of("test", n), index) for n in (1, 2))
    assert np.abs(np.histogram(one, 10, (0, 1))[0] / 10_000 - 1.0).max() < 0.05
    assert abs(np.corrcoef(one, other)[0, 1]) < 0.02
    assert abs(np.corrcoef(one[1:], one[:-1])[0, 1]) < 0.02

"""Sites as a whole: balance, registers, and values that do not depend on who asks."""

from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from demo.fleet import COMMISSIONED, FLEET, SEED
from demo.simulators.site import Simulation
from metrics.vocabulary import CANONICAL
from tests.demo.simulators.conftest import DAY, START, WEEK

MINUTE = 60_000_000
SITES = {site.slug: site for site in FLEET}
each_site = pytest.mark.parametrize("slug", SITES)


@cache
def simulation(slug: str, seed: int = SEED) -> Simulation:
    return Simulation(SITES[slug].plan, seed)


def read(sim: Simulation, start: int, end: int, block_days: int = 7) -> dict:
    blocks = list(sim.readings(start, end, block_days))
    return {key: np.concatenate([b.values[key] for b in blocks]) for key in blocks[0].values}


@each_site
def test_the_grid_closes_the_balance_to_the_watt(weeks, slug):
    bus = np.zeros(WEEK // MINUTE)
    for device in SITES[slug].devices:
        power = weeks[slug].get((device.equipment.slug, "active_power"))
        if power is not None and device.equipment.KIND != "weather_station":
            loads = ("load_meter", "ev_charger", "heat_pump")
            bus += -power if device.equipment.KIND in loads else power
    assert np.all(bus == 0.0)


@each_site
def test_every_canonical_metric_has_values(weeks, slug):
    wanted = {
        (device.equipment.slug, spec.key)
        for device in SITES[slug].devices
        for spec in CANONICAL[device.equipment.KIND]
    }
    assert set(weeks[slug]) == wanted


@each_site
def test_every_value_is_finite(weeks, slug):
    for key, values in weeks[slug].items():
        assert np.isfinite(values).all(), key


@each_site
@pytest.mark.parametrize(
    ("register", "of_power"),
    [
        ("production_energy", lambda p: p),
        ("consumption_energy", lambda p: p),
        ("import_energy", lambda p: np.maximum(p, 0)),
        ("export_energy", lambda p: np.maximum(-p, 0)),
        ("discharge_energy", lambda p: np.maximum(p, 0)),
        ("charge_energy", lambda p: np.maximum(-p, 0)),
    ],
)
def test_counters_are_the_integral_of_power(weeks, slug, register, of_power):
    for (device, key), counted in weeks[slug].items():
        if key == register:
            watts = of_power(weeks[slug][device, "active_power"])
            integral = np.concatenate([[0.0], np.cumsum(watts)[:-1]]) / 60.0
            assert np.abs(counted - counted[0] - integral).max() <= 1.0, device


@each_site
def test_counters_never_fall(weeks, slug):
    for (device, key), values in weeks[slug].items():
        if key.endswith("_energy") and key != "session_energy":
            assert np.all(np.diff(values) >= 0), (device, key)


@given(
    slug=st.sampled_from(sorted(SITES)),
    offset=st.integers(0, 400 * 1440),
    before=st.integers(0, 3000),
    after=st.integers(1, 3000),
    block_days=st.integers(1, 9),
)
@settings(max_examples=12, deadline=None)
def test_an_instant_has_one_value_whatever_the_window(slug, offset, before, after, block_days):
    at = START + (offset - 200 * 1440) * MINUTE
    alone = read(simulation(slug), at, at + MINUTE)
    fresh = Simulation(SITES[slug].plan, SEED)
    fresh.year = simulation(slug).year
    amid = read(fresh, at - before * MINUTE, at + after * MINUTE, block_days)
    for key, values in alone.items():
        assert values.size == 1
        assert amid[key][before] == values[0], key


def test_windows_that_meet_continue_each_other():
    sim = simulation("greensboro-campus")
    whole = read(sim, START, START + DAY)
    parts = [read(sim, START, START + DAY // 3), read(sim, START + DAY // 3, START + DAY)]
    for key, values in whole.items():
        assert np.array_equal(values, np.concatenate([part[key] for part in parts])), key


def test_another_seed_is_another_world():
    one, other = (
        read(simulation("greensboro-campus", seed), START, START + DAY) for seed in (1, 2)
    )
    for key in (("main-building", "active_power"), ("pv-inverter", "active_power")):
        assert not np.array_equal(one[key], other[key])


def test_registers_stand_at_zero_on_the_first_morning():
    sim = simulation("sand-point-wind")
    first = int(np.datetime64(COMMISSIONED, "us").astype(np.int64)) + 9 * 60 * MINUTE
    values = read(sim, first, first + MINUTE)
    assert {v[0] for (_, key), v in values.items() if key.endswith("_energy")} == {0.0}


def test_nothing_is_read_from_before_the_first_morning():
    with pytest.raises(ValueError, match="did not exist"):
        next(simulation("sand-point-wind").readings(0, MINUTE))


def test_an_empty_window_has_no_readings():
    (block,) = simulation("sand-point-wind").readings(START, START)
    assert block.timestamps.size == 0


def test_readings_stand_on_full_minutes():
    (block,) = simulation("sand-point-wind").readings(START + 1, START + 2 * MINUTE + 1)
    assert block.timestamps.tolist() == [START + MINUTE, START + 2 * MINUTE]

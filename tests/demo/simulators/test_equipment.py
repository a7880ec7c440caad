"""Each kind of equipment keeps to its physics."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from demo.fleet import FLEET
from demo.simulators.battery import Battery
from demo.simulators.demand import HeatPump, standard_profile
from demo.simulators.wind import power_curve

DEVICES = [(site.slug, device) for site in FLEET for device in site.devices]


def of_kind(kind):
    return pytest.mark.parametrize(
        ("slug", "device"),
        [pytest.param(s, d, id=f"{s}/{d.name}") for s, d in DEVICES if kind == d.equipment.KIND],
    )


def reading(weeks, slug, device, key):
    return weeks[slug][device.equipment.slug, key]


@of_kind("inverter")
def test_an_inverter_gives_at_most_its_rating_and_less_than_its_arrays(weeks, slug, device):
    power = reading(weeks, slug, device, "active_power")
    arrays_give = sum(weeks[slug][a.slug, "dc_power"] for a in device.equipment.arrays)
    assert power.min() == 0.0
    assert 0.5 * device.rated_power < power.max() <= device.rated_power
    assert np.all(power <= arrays_give)


@of_kind("pv_array")
def test_an_array_gives_nothing_at_night_and_at_most_its_rating(weeks, slug, device):
    power = reading(weeks, slug, device, "dc_power").reshape(7, 1440)
    # Local midnight, give or take three hours, is 2 to 8 h UTC in North Carolina and Florida.
    assert np.all(power[:, 2 * 60 : 8 * 60] == 0.0)
    assert 0.0 < power.max() <= device.rated_power
    assert np.all(reading(weeks, slug, device, "dc_voltage")[power.ravel() == 0.0] == 0.0)


@of_kind("pv_array")
def test_modules_are_warmer_than_the_air_only_in_the_light(weeks, slug, device):
    heat = reading(weeks, slug, device, "module_temperature")
    dark = reading(weeks, slug, device, "dc_power") == 0.0
    assert heat[~dark].mean() > heat[dark].mean() + 5.0
    assert heat.max() < 85.0


@of_kind("inverter")
def test_an_inverter_sleeps_when_and_only_when_it_gives_nothing(weeks, slug, device):
    state = reading(weeks, slug, device, "operating_state")
    power = reading(weeks, slug, device, "active_power")
    assert np.array_equal(state == 2.0, power == 0.0)
    assert set(np.unique(state)) <= {2.0, 4.0, 5.0}


@of_kind("wind_turbine")
def test_a_turbine_keeps_to_its_power_curve(weeks, slug, device):
    turbine = device.equipment
    power = reading(weeks, slug, device, "active_power")
    wind = reading(weeks, slug, device, "wind_speed")
    assert 0.0 == power.min() <= power.max() <= turbine.rated
    assert np.all(power[(wind < turbine.cut_in - 0.1) | (wind > turbine.cut_out + 0.1)] == 0.0)
    # Denser or thinner air shifts the curve by a few per cent of the wind speed.
    speeds, powers = power_curve(turbine.model)
    runs = (wind > turbine.cut_in + 0.1) & (wind < turbine.cut_out - 0.1)
    low, high = (
        np.minimum(np.interp(wind[runs] * by, speeds, powers), turbine.rated) for by in (0.92, 1.08)
    )
    assert np.all((power[runs] >= low - 1.0) & (power[runs] <= high + 1.0))


@pytest.mark.parametrize("model", ["nps_100c_21", "vestas_v47_660"])
def test_power_curves_rise_to_their_rating(model):
    speeds, powers = power_curve(model)
    assert np.all(np.diff(speeds) > 0)
    below = speeds <= 12.0
    assert np.all(np.diff(powers[below]) >= 0)


@of_kind("battery")
def test_the_charge_stays_in_its_window_and_follows_the_power(weeks, slug, device):
    battery = device.equipment
    charge = reading(weeks, slug, device, "state_of_charge")
    power = reading(weeks, slug, device, "active_power")
    assert charge.min() >= battery.lowest
    assert charge.max() <= battery.highest
    assert np.abs(power).max() <= battery.rated
    cells = np.where(power > 0, power / battery.one_way, power * battery.one_way)
    expected = -cells[:-1] / 60.0 / battery.capacity * 100.0
    assert np.abs(np.diff(charge) - expected).max() <= 0.0101  # two roundings to 0.01 %


@of_kind("battery")
def test_a_battery_gives_back_its_round_trip_efficiency(weeks, slug, device):
    charged, discharged = (
        np.ptp(reading(weeks, slug, device, key)) for key in ("charge_energy", "discharge_energy")
    )
    held = np.diff(reading(weeks, slug, device, "state_of_charge")[[0, -1]])[0]
    battery = device.equipment
    balance = charged * battery.one_way - discharged / battery.one_way
    assert charged > battery.usable
    assert abs(balance - held / 100.0 * battery.capacity) < 0.001 * charged


@of_kind("battery")
def test_battery_current_and_voltage_make_its_power(weeks, slug, device):
    battery = device.equipment
    power = reading(weeks, slug, device, "active_power")
    cells = reading(weeks, slug, device, "dc_voltage") * reading(weeks, slug, device, "dc_current")
    expected = np.where(power > 0, power / battery.one_way, power * battery.one_way)
    assert np.abs(cells - expected).max() < 0.001 * battery.rated


@given(
    surplus=arrays(np.float64, (2, 1440), elements=st.integers(-200_000, 200_000)),
    efficiency=st.floats(0.7, 1.0),
    lowest=st.floats(0.0, 40.0),
    highest=st.floats(50.0, 100.0),
)
@settings(max_examples=15, deadline=None)
def test_a_battery_holds_its_limits_against_any_surplus(surplus, efficiency, lowest, highest):
    battery = Battery(
        slug="b", rated=60e3, capacity=100e3, lowest=lowest, highest=highest, efficiency=efficiency
    )
    power, stored = battery.follow(surplus)
    assert np.abs(power).max() <= battery.rated
    assert stored.min() >= -1e-6
    assert stored.max() <= battery.usable + 1e-6
    by_itself = slice(0, 1440 - battery.EMPTIES_FOR)
    helps = power[:, by_itself] * surplus[:, by_itself]
    assert np.all(helps <= 0.0)
    assert np.all(np.abs(power[:, by_itself]) <= np.abs(surplus[:, by_itself]))
    assert np.all(stored[:, -1] - battery.from_cells(power)[:, -1] / 60.0 < 1.0)


def test_a_battery_too_large_to_empty_in_two_hours_is_refused():
    with pytest.raises(ValueError, match="two hours"):
        Battery(slug="b", rated=10e3, capacity=100e3)


@of_kind("grid_meter")
def test_voltage_current_and_power_factor_make_the_power(weeks, slug, device):
    volts, amperes, factor, power = (
        reading(weeks, slug, device, key)
        for key in ("voltage", "current", "power_factor", "active_power")
    )
    apparent = np.sqrt(3.0) * volts * amperes
    assert np.abs(apparent * factor - np.abs(power)).max() < 0.0005 * device.rated_power
    reactive = reading(weeks, slug, device, "reactive_power")
    assert np.abs(np.hypot(power, reactive) - apparent).max() < 0.0005 * device.rated_power
    assert np.all((factor >= 0.0) & (factor <= 1.0))


@of_kind("grid_meter")
def test_voltage_and_frequency_stay_in_their_bands(weeks, slug, device):
    volts = reading(weeks, slug, device, "voltage") / device.equipment.nominal
    assert np.abs(volts - 1.0).max() < 0.05  # ANSI C84.1 range A
    assert np.abs(reading(weeks, slug, device, "frequency") - 60.0).max() <= 0.05


def test_sites_of_one_interconnection_see_one_frequency(weeks):
    campus, park, island = (
        weeks[slug]["grid-meter", "frequency"]
        for slug in ("greensboro-campus", "miami-solar-park", "sand-point-wind")
    )
    assert np.array_equal(campus, park)
    assert not np.array_equal(campus, island)


@of_kind("ev_charger")
def test_a_session_counts_its_energy_and_starts_again_at_zero(weeks, slug, device):
    session = reading(weeks, slug, device, "session_energy")
    power = reading(weeks, slug, device, "active_power")
    steps = np.diff(session)
    assert power.max() <= device.rated_power
    assert (steps < 0).sum() >= 5  # a week has more sessions than that
    assert np.all(session[1:][steps < 0] == 0.0)
    rising = steps >= 0
    assert np.abs(steps - power[:-1] / 60.0)[rising & (session[1:] > 0)].max() <= 1.0


def test_heat_comes_from_outside_and_from_the_wire(campus):
    heat = campus["heat-pump", "thermal_power"]
    power = campus["heat-pump", "active_power"]
    runs = heat > 0.0
    assert runs.any()
    assert np.all(power[~runs] == 0.0)
    assert np.all((heat[runs] / power[runs] > 1.5) & (heat[runs] / power[runs] < 5.5))


@given(lift=st.floats(15.0, 59.0))
def test_a_heat_pump_is_less_efficient_the_higher_it_lifts(lift):
    pump = HeatPump(slug="h", capacity=1e4, loss=300.0)
    here, higher = pump.efficiency(np.array([lift, lift + 1.0]), np.zeros(2))
    assert 1.0 < higher < here


def test_the_genset_runs_half_an_hour_a_week_and_burns_its_tank(campus):
    power = campus["standby-genset", "active_power"]
    fuel = campus["standby-genset", "fuel_level"]
    assert (power > 0).sum() == 30
    assert fuel[power > 0][-1] < fuel[power > 0][0] <= 100.0
    assert fuel.max() == 100.0


def test_the_weather_station_is_dark_at_night(campus):
    light = campus["weather-station", "irradiance"].reshape(7, 1440)
    assert np.all(light[:, 3 * 60 : 8 * 60] == 0.0)
    assert 500.0 < light.max() < 1361.0


@pytest.mark.parametrize("profile", ["g0", "g1", "g3"])
def test_standard_profiles_use_a_thousand_kilowatt_hours_a_year(profile):
    rows = standard_profile(profile)
    # Days of each season and type; public holidays, which count as Sundays, are left out.
    days = np.array([[100, 20, 21], [66, 13, 13], [88, 17, 18]])  # winter, transition, summer
    energy = (rows.sum(axis=2) / 4.0 * days).sum() * 365.0 / days.sum()
    assert energy == pytest.approx(1e6, rel=0.05)


@of_kind("load_meter")
def test_loads_use_about_their_yearly_energy(weeks, slug, device):
    used = np.ptp(reading(weeks, slug, device, "consumption_energy")) * 52.0
    assert used == pytest.approx(device.equipment.annual, rel=0.15)

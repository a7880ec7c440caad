"""Units: their dimensions, their factors, and what a misspelt one may have meant."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrics.units import UNITS, factor_between, suggestion, units_of
from metrics.vocabulary import CANONICAL

SYMBOLS = st.sampled_from(sorted(UNITS))


@pytest.mark.parametrize(
    ("symbol", "base", "factor"),
    [("kW", "W", 1e3), ("MWh", "kWh", 1e3), ("GWh", "Wh", 1e9), ("kJ", "Wh", 1 / 3.6),
     ("km/h", "m/s", 1 / 3.6), ("l/min", "l/h", 60), ("W", "W", 1)],
)  # fmt: skip
def test_a_unit_has_its_factor(symbol: str, base: str, factor: float) -> None:
    assert factor_between(symbol, base) == pytest.approx(factor, rel=1e-15)


@pytest.mark.parametrize(("symbol", "base"), [("W", "Wh"), ("W", "VA"), ("°F", "°C"), ("x", "W")])
def test_there_is_no_factor_between_dimensions_or_scales_with_other_zeros(
    symbol: str, base: str
) -> None:
    assert factor_between(symbol, base) is None


@pytest.mark.parametrize(
    ("symbol", "value", "celsius"), [("°F", 212.0, 100.0), ("°F", 32.0, 0.0), ("K", 273.15, 0.0)]
)
def test_a_temperature_is_told_in_degrees_celsius(
    symbol: str, value: float, celsius: float
) -> None:
    assert UNITS[symbol].to_base(value) == pytest.approx(celsius, abs=1e-12)


@given(SYMBOLS, SYMBOLS)
def test_a_factor_there_and_back_is_one(one: str, other: str) -> None:
    there, back = factor_between(one, other), factor_between(other, one)
    assert (there is None) == (back is None)
    if there is not None and back is not None:
        assert there * back == pytest.approx(1)


@pytest.mark.parametrize(
    ("text", "meant"),
    [("KWH", "kWh"), ("kwh", "kWh"), ("Kw", "kW"), ("degC", "°C"), ("w/m2", "W/m²"), ("hz", "Hz"),
     (" Wh ", "Wh"), ("VAR", "var")],
)  # fmt: skip
def test_a_misspelt_unit_is_recognised(text: str, meant: str) -> None:
    assert suggestion(text) == meant


@pytest.mark.parametrize("text", ["mw", "mwh", "furlong", ""])
def test_what_may_mean_two_units_or_none_is_not_guessed(text: str) -> None:
    assert suggestion(text) is None


def test_the_dimension_helps_to_tell_what_is_meant() -> None:
    assert suggestion("mw", "energy") is None
    assert suggestion("KN") is None
    assert suggestion("KN", "speed") == "kn"


def test_the_base_unit_of_a_dimension_comes_first() -> None:
    assert units_of("energy")[0] == "Wh"
    assert units_of("temperature")[0] == "°C"


def test_every_canonical_metric_is_in_a_known_base_unit() -> None:
    for specs in CANONICAL.values():
        for spec in specs:
            assert UNITS[spec.unit].factor == 1, spec

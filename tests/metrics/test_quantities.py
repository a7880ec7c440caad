"""How numbers are written on pages."""

import pytest

from metrics.quantities import Scale, count, direction, number, scale_for


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (None, "–"),
        (0, "0.0"),
        (-0.0, "0.0"),
        (0.456, "0.46"),
        (9.994, "9.99"),
        (9.996, "10.0"),
        (64.91, "64.9"),
        (1204, "1,204.0"),
        (-54.2, "\u221254.2"),
        (-0.001, "0.00"),
        (1.5e15, "1.500e+15"),
    ],
)
def test_a_number_has_two_decimals_under_ten_and_one_above(value, written):
    assert number(value) == written


@pytest.mark.parametrize(
    ("largest", "unit"),
    [(0, "W"), (999, "W"), (999.96, "kW"), (1000, "kW"), (2.5e6, "MW"), (-3e9, "GW")],
)
def test_the_unit_of_a_group_follows_its_largest_value(largest, unit):
    assert scale_for("W", [0.5, None, largest]).unit == unit


def test_one_scale_serves_the_whole_group():
    scale = scale_for("W", [412_600, 850])

    assert [scale.text(value) for value in (412_600, 850, None)] == [
        "412.6\u202fkW",
        "0.85\u202fkW",
        "–",
    ]


def test_a_group_of_unknown_values_keeps_the_base_unit():
    assert scale_for("Wh", [None]) == Scale(1.0, "Wh")


def test_units_without_prefixes_are_left_alone():
    assert scale_for("V", [12_000]).text(12_000) == "12,000.0\u202fV"


def test_a_dimensionless_value_shows_no_unit():
    assert scale_for("1", [0.98]).text(0.98) == "0.98"


def test_a_user_can_ask_for_kilowatts_everywhere():
    assert scale_for("W", [2_500_000], kilo=True).text(2_500_000) == "2,500.0\u202fkW"
    assert scale_for("%", [50], kilo=True).unit == "%"


@pytest.mark.parametrize(
    ("value", "written"), [(4.0, "4"), (-1203.0, "\u22121,203"), (0.5, "0.50"), (None, "–")]
)
def test_a_count_has_decimals_only_where_it_needs_them(value, written):
    assert count(value) == written


@pytest.mark.parametrize(
    ("kind", "value", "word"),
    [
        ("grid_meter", 5.0, "importing"),
        ("grid_meter", -5.0, "exporting"),
        ("battery", 5.0, "discharging"),
        ("battery", -5.0, "charging"),
        ("battery", 0.0, "idle"),
        ("battery", None, ""),
        ("load_meter", 5.0, ""),
    ],
)
def test_the_sign_of_a_two_way_power_is_put_in_words(kind, value, word):
    assert direction(kind, "active_power", value) == word


def test_only_power_has_a_direction():
    assert direction("battery", "dc_current", -3.0) == ""


def test_unlike_values_stay_in_the_smaller_unit_until_ten_thousand():
    assert scale_for("W", [2_310_700, 21_400], room=10).unit == "kW"
    assert scale_for("W", [12_000_000, 21_400], room=10).unit == "MW"
    assert scale_for("W", [1_500], room=10).unit == "kW"

"""Sparklines: recent values as an SVG path."""

from timeseries.sparklines import sparkline_path


def test_the_line_spans_the_box_from_lowest_to_highest():
    assert sparkline_path([0, 10, 5]) == "M0.0 22.0L55.0 2.0L110.0 12.0"


def test_an_unknown_value_leaves_a_gap():
    assert sparkline_path([0, None, 10, 5]) == "M0.0 22.0M73.3 2.0L110.0 12.0"


def test_a_flat_line_is_still_a_line():
    assert sparkline_path([3, 3]) == "M0.0 22.0L110.0 22.0"


def test_fewer_than_two_known_values_make_no_line():
    assert sparkline_path([]) == ""
    assert sparkline_path([None, 4, None]) == ""

"""Numbers in the ways in which files have them."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.layouts.numbers import DecimalEvidence, NumberReader, is_like_number

NUMBERS = st.decimals(-(10**9), 10**9, places=3).map(float)


def with_thousands(number: float) -> float:
    return number + (1000 if number >= 0 else -1000)


def written(number: float, decimal: str, thousands: str) -> str:
    return f"{number:,.3f}".translate(str.maketrans({",": thousands, ".": decimal}))


@given(
    numbers=st.lists(NUMBERS, min_size=1, max_size=20),
    signs=st.sampled_from([(".", ","), (",", "."), (".", ""), (",", ""), (",", " "), (".", "'"),
                           (",", "\u202f"), (".", "’")]),
)  # fmt: skip
def test_what_was_written_is_read(numbers: list[float], signs: tuple[str, str]) -> None:
    decimal, thousands = signs
    cells = [written(number, decimal, thousands) for number in numbers]
    assert all(map(is_like_number, cells))
    found, faults = NumberReader(decimal).read_all(cells)
    assert faults == {}
    assert found.tolist() == numbers


@given(numbers=st.lists(NUMBERS.map(with_thousands), min_size=1, max_size=20),
       decimal=st.sampled_from([".", ","]))  # fmt: skip
def test_signs_between_thousands_tell_the_decimal_sign(numbers: list[float], decimal: str) -> None:
    other = "," if decimal == "." else "."
    evidence = DecimalEvidence()
    evidence.add([written(number, decimal, other) for number in numbers])
    assert evidence.decimal == decimal


@pytest.mark.parametrize(
    ("cells", "decimal"),
    [
        (["1,5"], ","), (["1.5"], "."), (["0,123"], ","), (["1.204.500"], ","),
        (["1,204,500"], "."),
        (["1234,567"], ","), (["1.204,5"], ","), (["1,204.5"], "."), (["12", "13"], "."),
        (["1,204", "1,5"], ","), (["1.204", "2,5"], ","), (["1,204"], None), (["1.204"], None),
    ],
)  # fmt: skip
def test_the_decimal_sign_is_told_from_all_numbers(cells: list[str], decimal: str | None) -> None:
    evidence = DecimalEvidence()
    for cell in cells:
        evidence.add([cell])
    assert evidence.decimal == decimal


@pytest.mark.parametrize(
    ("cell", "decimal", "reason"),
    [
        ("1.2.04,5", ",", "Not a number with “.” for thousands and “,” for decimals."),
        ("1204.5", ",", "Not a number with “.” for thousands and “,” for decimals."),
        ("1,204.5", ",", "Not a number"),
        ("1,5", ".", "Not a number with “,” for thousands and “.” for decimals."),
        ("#REF!", ".", "Not a number: an error of the spreadsheet that wrote the file."),
        ("#DIV/0!", ",", "Not a number: an error of the spreadsheet that wrote the file."),
        ("inf", ".", "Not a finite number."),
        ("1_0", ".", "Not a number"), ("٣", ".", "Not a number"), ("0x10", ".", "Not a number"),
        ("5 W", ".", "Not a number"), ("1e999", ".", "Not a"), ("--5", ".", "Not a number"),
    ],
)  # fmt: skip
def test_what_is_no_number_is_refused_with_what_to_try(
    cell: str, decimal: str, reason: str
) -> None:
    found, faults = NumberReader(decimal).read_all(["1", cell, ""])
    assert list(faults) == [1]
    assert faults[1].startswith(reason)
    assert found[0] == 1
    assert math.isnan(found[1])
    assert math.isnan(found[2])


@pytest.mark.parametrize("cell", ["", "-", "–", "n/e", "N/A", "NaN", "null", "unavailable", "#N/A"])
def test_a_missing_value_is_none(cell: str) -> None:
    found, faults = NumberReader(".").read_all([cell])
    assert (math.isnan(found[0]), faults) == (True, {})


@given(st.lists(st.text(max_size=12), max_size=10), st.sampled_from([".", ","]))
def test_garbage_is_a_number_missing_or_refused(cells: list[str], decimal: str) -> None:
    found, faults = NumberReader(decimal).read_all(cells)
    assert found.size == len(cells)
    for place in faults:
        assert math.isnan(found[place])
    assert all(math.isfinite(n) or math.isnan(n) for n in found.tolist())

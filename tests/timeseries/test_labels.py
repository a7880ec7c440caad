"""Numbers and instants as answers have them."""

from zoneinfo import ZoneInfo

import numpy as np
import pytest

from timeseries.labels import encoded, listed, rfc3339, rfc3339_local


@pytest.mark.parametrize(
    ("micros", "text"),
    [
        (0, "1970-01-01T00:00:00Z"),
        (-1_500_000, "1969-12-31T23:59:58.500000Z"),
        (1, "1970-01-01T00:00:00.000001Z"),
    ],
)
def test_instants_are_written_as_exactly_as_they_are(micros: int, text: str) -> None:
    assert listed(rfc3339(np.array([micros]))) == [text]


def test_numbers_are_written_bit_for_bit_and_what_is_none_as_null() -> None:
    numbers = np.array([0.1, -0.0, 5e-324, 1.7976931348623157e308, np.nan, np.inf, 3.0])
    every_other = np.repeat(numbers, 2)[::2]

    assert bytes(encoded(every_other)) == (
        b"[0.1,-0.0,5e-324,1.7976931348623157e+308,null,null,3.0]"
    )
    assert str(listed(every_other)) == str([*numbers[:4].tolist(), None, None, 3.0])


def test_an_offset_with_seconds_is_written_to_the_minute() -> None:
    monrovia = ZoneInfo("Africa/Monrovia")  # 44 minutes and 30 seconds behind, until 1972

    assert rfc3339_local(np.array([0]), monrovia) == ["1969-12-31T23:15:00-00:45"]


def test_no_offset_is_written_as_z() -> None:
    assert rfc3339_local(np.array([0]), ZoneInfo("UTC")) == ["1970-01-01T00:00:00Z"]

"""Long work in steps: others have their turn between them."""

import pytest

from history import resting


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time, which passes by working and by sleeping; seconds."""
    now = [0.0]

    def sleep(seconds: float) -> None:
        now[0] += seconds

    monkeypatch.setattr(resting, "monotonic", lambda: now[0])
    monkeypatch.setattr(resting, "sleep", sleep)
    return now


def test_a_rest_is_so_many_times_as_long_as_the_step_before(clock: list[float]) -> None:
    begun = []
    for seconds in resting.with_rests([1.0, 3.0, 2.0], rest=4):
        begun.append(clock[0])
        clock[0] += seconds
    assert begun == [0, 5, 20]


def test_without_rests_step_follows_step(clock: list[float]) -> None:
    begun = []
    for seconds in resting.with_rests([1.0, 3.0], rest=0):
        begun.append(clock[0])
        clock[0] += seconds
    assert begun == [0, 1]

"""Simulations computed by a process of their own."""

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from demo.fleet import FLEET, SEED
from demo.simulation_process import RemoteSimulation, Request, SimulationProcess
from demo.simulators.days import MICROS
from demo.simulators.site import Simulation, SiteReadings

PLAN = next(site.plan for site in FLEET if site.slug == "sand-point-wind")
DAY = 1440 * MICROS
NOON = 20_500 * DAY + DAY // 2  # UTC; a day of the site's begins hours later


class CountingProcess(SimulationProcess):
    """Counts what it is asked."""

    asked = 0

    def whole_days(self, request: Request) -> Iterator[SiteReadings]:
        self.asked += 1
        return super().whole_days(request)


@pytest.fixture
def process() -> Iterator[CountingProcess]:
    with CountingProcess() as process:
        yield process


def children() -> set[str]:
    """The ids of this process's children."""
    own = os.getpid()
    return set(Path(f"/proc/{own}/task/{own}/children").read_text(encoding="ascii").split())


@pytest.mark.parametrize("block_days", [1, 7])
def test_it_gives_what_the_simulation_gives(process: SimulationProcess, block_days: int) -> None:
    window = NOON - 90 * MICROS, NOON + 2 * DAY + 1
    remote = list(RemoteSimulation(PLAN, SEED, process).readings(*window, block_days))
    within = list(Simulation(PLAN, SEED).readings(*window, block_days))
    assert len(remote) == len(within)
    for one, other in zip(remote, within, strict=True):
        assert one.timestamps.tolist() == other.timestamps.tolist()
        assert one.values.keys() == other.values.keys()
        assert all(np.array_equal(one.values[key], other.values[key]) for key in one.values)


def test_a_day_is_computed_once_for_all_its_minutes(process: CountingProcess) -> None:
    simulation = RemoteSimulation(PLAN, SEED, process)
    (first,) = simulation.readings(NOON, NOON + 1)
    (second,) = simulation.readings(NOON + MICROS, NOON + 3 * MICROS + 1)
    assert process.asked == 1
    assert first.timestamps.tolist() == [NOON]
    assert second.timestamps.tolist() == [NOON + MICROS, NOON + 2 * MICROS, NOON + 3 * MICROS]
    next(simulation.readings(NOON + DAY, NOON + DAY + 1))
    assert process.asked == 2


def test_its_process_ends_with_the_block() -> None:
    before = children()
    with SimulationProcess() as process:
        list(RemoteSimulation(PLAN, SEED, process).readings(NOON, NOON + 1))
        assert len(children() - before) == 1
    assert children() == before


def test_a_process_that_dies_is_an_error(process: SimulationProcess) -> None:
    with pytest.raises(EOFError):
        list(RemoteSimulation(PLAN, SEED, process).readings(-DAY, -DAY + 1))

"""A week of each demo site in early June, when all of its equipment has something to do."""

from collections.abc import Mapping

import numpy as np
import pytest

from demo.fleet import FLEET, SEED, DemoSite
from demo.simulators.site import Simulation

START = 1_780_272_000_000_000  # 1 June 2026, 00:00 UTC, in µs
DAY = 86_400_000_000
WEEK = 7 * DAY


def week_of(site: DemoSite) -> dict[tuple[str, str], np.ndarray]:
    blocks = list(Simulation(site.plan, SEED).readings(START, START + WEEK))
    return {key: np.concatenate([b.values[key] for b in blocks]) for key in blocks[0].values}


@pytest.fixture(scope="package")
def weeks() -> Mapping[str, dict[tuple[str, str], np.ndarray]]:
    """Each demo site's values by (device, key), a minute apart, from START."""
    return {site.slug: week_of(site) for site in FLEET}


@pytest.fixture(scope="package")
def campus(weeks: Mapping[str, dict[tuple[str, str], np.ndarray]]) -> dict:
    return weeks["greensboro-campus"]

"""The people of the demo: what they may see, and what they subscribe to."""

from dataclasses import dataclass

from demo.fleet import FLEET
from energy.access import STANDARD, TECHNICIAN

SLUGS = tuple(site.slug for site in FLEET)


@dataclass(frozen=True)
class DemoPerson:
    """A user, the Sites assigned to them and the Subscription they start with.

    `metrics` names Metrics as (Site, Device, key). A person without a `group` is a superuser.
    """

    username: str
    group: str | None
    sites: tuple[str, ...]
    subscription: str
    description: str
    metrics: tuple[tuple[str, str, str], ...]


_CAMPUS, _PARK, _ISLAND, _YARD = SLUGS
PEOPLE = (
    DemoPerson(
        "admin", None, (),
        "Grid connections", "What every site takes from the grid or gives to it.",
        tuple((slug, "grid-meter", "active_power") for slug in SLUGS),
    ),
    DemoPerson(
        TECHNICIAN, TECHNICIAN, (_CAMPUS, _PARK, _ISLAND),
        "Generation", "Inverters and turbines, beside the light and the wind they have.",
        (
            (_CAMPUS, "pv-inverter", "active_power"),
            (_CAMPUS, "wind-turbine", "active_power"),
            (_PARK, "inverter-east", "active_power"),
            (_PARK, "inverter-west", "active_power"),
            (_PARK, "weather-station", "irradiance"),
            (_ISLAND, "turbine-1", "active_power"),
            (_ISLAND, "turbine-2", "active_power"),
            (_ISLAND, "weather-station", "wind_speed"),
        ),
    ),
    DemoPerson(
        STANDARD, STANDARD, (_CAMPUS, _PARK),
        "Campus at a glance", "Sun, battery, grid and the largest consumers of the campus.",
        (
            (_CAMPUS, "grid-meter", "active_power"),
            (_CAMPUS, "pv-inverter", "active_power"),
            (_CAMPUS, "battery", "active_power"),
            (_CAMPUS, "battery", "state_of_charge"),
            (_CAMPUS, "main-building", "active_power"),
            (_CAMPUS, "ev-charger-north", "active_power"),
        ),
    ),
)  # fmt: skip

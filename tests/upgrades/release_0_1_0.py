"""What the database of release 0.1.0 holds: people, Sites, Devices, readings, as plain values.

The file of the database was made of this once; it describes a database in the field, and stays as
it is when the project goes on.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

NAME = "0.1.0"
PASSWORD = "an upgrade keeps this"
BEGIN = datetime(2026, 11, 20, tzinfo=UTC)
STEP = timedelta(minutes=10)
# The readings end here, and here they were sealed: up to the 22nd in chunks, from the 23rd as rows.
MADE_AT = datetime(2026, 11, 25, 9, tzinfo=UTC)
COUNT = (MADE_AT - BEGIN) // STEP
SEALED_DAYS = 3


class Person(NamedTuple):
    """A user with a token and a subscription; `sites` and `metrics` by name."""

    username: str
    group: str | None
    sites: tuple[str, ...]
    time_zone: str
    subscription: str
    metrics: tuple[str, ...]

    @property
    def token(self) -> str:
        """The key they got when they signed in through the API."""
        return (self.username.encode().hex() * 16)[:64]


class Equipment(NamedTuple):
    """A Device and its Metrics, each as (key, unit, type)."""

    site: str
    name: str
    kind: str
    metrics: tuple[tuple[str, str, str], ...]


SITES = {"north-works": "Europe/Amsterdam", "south-depot": "Asia/Kolkata"}
PEOPLE = (
    Person(
        "ada", None, (), "UTC",
        "Both grids", ("grid-meter/active_power", "depot-meter/active_power"),
    ),
    Person(
        "tess", "technician", ("north-works",), "Europe/Lisbon",
        "Battery", ("battery/state_of_charge", "battery/charge_energy", "battery/mode"),
    ),
    Person(
        "stan", "standard", ("north-works", "south-depot"), "Europe/Amsterdam",
        "Everywhere", ("depot-meter/consumption_energy", "inverter/operating_state"),
    ),
)  # fmt: skip
DEVICES = (
    Equipment(
        "north-works", "Grid meter", "grid_meter",
        (("active_power", "W", "gauge"), ("import_energy", "Wh", "counter")),
    ),
    Equipment(
        "north-works", "Battery", "battery",
        (
            ("state_of_charge", "%", "gauge"),
            ("charge_energy", "Wh", "counter"),
            ("mode", "1", "state"),
        ),
    ),
    Equipment("north-works", "Inverter", "inverter", (("operating_state", "1", "state"),)),
    Equipment("north-works", "Charger", "ev_charger", (("session_energy", "Wh", "counter"),)),
    Equipment(
        "south-depot", "Depot meter", "load_meter",
        (("active_power", "W", "gauge"), ("consumption_energy", "Wh", "counter")),
    ),
    Equipment("south-depot", "Weather", "weather_station", (("irradiance", "W/m²", "gauge"),)),
)  # fmt: skip

# What was sent again after its day had been sealed, by Metric, and replaced what was there.
CORRECTED = {("depot-meter/active_power", BEGIN + 100 * STEP): 12345.5}
# The window that the administrator deleted, of a Metric, half in a sealed day.
DELETED = (
    "grid-meter/active_power",
    datetime(2026, 11, 22, 22, tzinfo=UTC),
    datetime(2026, 11, 23, 2, tzinfo=UTC),
)
RETENTION_DAYS = {"inverter/operating_state": 400}


def names() -> Iterator[tuple[str, str]]:
    """Every Metric as "device/key", with its type."""
    for device in DEVICES:
        for key, _, kind in device.metrics:
            yield f"{device.name.lower().replace(' ', '-')}/{key}", kind


def value(name: str, kind: str, index: int) -> float:
    """What was measured at BEGIN + index × STEP, and first sent."""
    if kind == "state":
        return float(index // 30 % 3)
    if kind == "gauge":
        return 40.0 + (index * 37 + len(name)) % 53 + 0.25 * (index % 4)
    if name == "charger/session_energy":
        return 120.0 * (index % 90)  # a session of fifteen hours
    return 1000.0 + 50.0 * index


def sent(name: str, kind: str) -> list[tuple[datetime, float]]:
    """What was sent of a Metric in the first place."""
    return [(BEGIN + index * STEP, value(name, kind, index)) for index in range(COUNT)]


def readings(name: str, kind: str) -> list[tuple[datetime, float]]:
    """What there is of a Metric after all corrections and deletions."""
    metric, start, end = DELETED
    return [
        (instant, CORRECTED.get((name, instant), number))
        for instant, number in sent(name, kind)
        if not (name == metric and start <= instant < end)
    ]

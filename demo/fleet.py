"""The demo fleet: four sites that show every kind of equipment, in real weather.

The places are real and so are the turbines; the sites, their owners and their serial numbers are
not.
"""

from dataclasses import dataclass
from datetime import date

from demo.simulators.battery import Battery
from demo.simulators.demand import EvCharger, HeatPump, Load
from demo.simulators.equipment import SimulatedDevice
from demo.simulators.genset import Genset
from demo.simulators.grid import GridMeter, WeatherStation
from demo.simulators.photovoltaics import Inverter, PvArray
from demo.simulators.site import SitePlan
from demo.simulators.wind import WindTurbine

SEED = 1701
COMMISSIONED = date(2025, 1, 1)  # every register stood at zero on this morning
_ORIGIN = (COMMISSIONED - date(1970, 1, 1)).days

GREENSBORO, SAND_POINT, MIAMI = "723170TYA.CSV", "703165TY.csv", "12839.tm2"


@dataclass(frozen=True)
class DemoDevice:
    """A Device's nameplate, and what simulates it, which has the same slug."""

    name: str
    equipment: SimulatedDevice
    manufacturer: str = ""
    model: str = ""
    serial_number: str = ""

    @property
    def rated_power(self) -> float | None:
        """W, where it has one."""
        equipment = self.equipment
        rated = getattr(equipment, "rated", None) or getattr(equipment, "dc_rated", None)
        return float(rated) if rated else None


@dataclass(frozen=True)
class DemoSite:
    """A Site, its Devices and the weather file of its place."""

    name: str
    slug: str
    description: str
    address: str
    latitude: float
    longitude: float
    time_zone: str
    year: str
    devices: tuple[DemoDevice, ...]

    @property
    def plan(self) -> SitePlan:
        """What simulates it."""
        equipment = tuple(device.equipment for device in self.devices)
        return SitePlan(self.slug, self.year, self.time_zone, _ORIGIN, equipment)


def _campus() -> tuple[DemoDevice, ...]:
    south = PvArray(slug="roof-array-south", dc_rated=300e3, tilt=20.0, azimuth=172.0)
    west = PvArray(slug="carport-array-west", dc_rated=200e3, tilt=10.0, azimuth=262.0)
    nps = WindTurbine(
        slug="wind-turbine", model="nps_100c_21", rated=100e3, hub_height=37.0, diameter=20.7,
        rotor=(15.0, 59.0), cut_in=3.0,
    )  # fmt: skip
    grid = GridMeter(slug="grid-meter", rated=750e3, nominal=480.0, interconnection="eastern")
    return (
        DemoDevice("Grid meter", grid, "Janitza", "UMG 604-PRO", "GSO-0001"),
        DemoDevice("Roof array south", south, "Qcells", "Q.PEAK DUO XL-G10", "GSO-0002"),
        DemoDevice("Carport array west", west, "Qcells", "Q.PEAK DUO XL-G10", "GSO-0003"),
        DemoDevice(
            "PV inverter", Inverter(slug="pv-inverter", rated=400e3, arrays=(south, west)),
            "SMA", "Sunny Highpower PEAK3", "GSO-0004",
        ),
        DemoDevice(
            "Battery", Battery(slug="battery", rated=250e3, capacity=500e3),
            "Tesvolt", "TS HV 80", "GSO-0005",
        ),
        DemoDevice("Wind turbine", nps, "Northern Power Systems", "NPS 100C-21", "GSO-0006"),
        DemoDevice(
            "Main building", Load(slug="main-building", annual=450e6, profile="g0"),
            "Schneider Electric", "iEM3255", "GSO-0007",
        ),
        DemoDevice(
            "Laboratories", Load(slug="laboratories", annual=300e6, profile="g3"),
            "Schneider Electric", "iEM3255", "GSO-0008",
        ),
        DemoDevice(
            "EV charger north", EvCharger(slug="ev-charger-north", rated=22e3),
            "Alfen", "Eve Double Pro-line", "GSO-0009",
        ),
        DemoDevice(
            "EV charger south", EvCharger(slug="ev-charger-south", rated=11e3),
            "Alfen", "Eve Single Pro-line", "GSO-0010",
        ),
        DemoDevice(
            "Heat pump", HeatPump(slug="heat-pump", capacity=60e3, loss=2_500.0),
            "Viessmann", "Vitocal 300-A", "GSO-0011",
        ),
        DemoDevice(
            "Standby genset", Genset(slug="standby-genset", rated=200e3, tank=400.0),
            "Cummins", "C200D6D", "GSO-0012",
        ),
        DemoDevice(
            "Weather station", WeatherStation(slug="weather-station"),
            "Lufft", "WS501-UMB", "GSO-0013",
        ),
    )  # fmt: skip


def _solar_park() -> tuple[DemoDevice, ...]:
    fields = tuple(
        PvArray(slug=f"field-{side}", dc_rated=1.3e6, tilt=20.0, azimuth=azimuth, voltage=1_150.0)
        for side, azimuth in (("east", 165.0), ("west", 195.0))
    )
    inverters = tuple(
        Inverter(slug=field.slug.replace("field", "inverter"), rated=1e6, arrays=(field,))
        for field in fields
    )
    grid = GridMeter(
        slug="grid-meter", rated=2.5e6, nominal=13_200.0, interconnection="eastern"
    )  # fmt: skip
    return (
        DemoDevice("Grid meter", grid, "Schweitzer Engineering", "SEL-735", "MIA-0001"),
        DemoDevice("Field east", fields[0], "First Solar", "Series 6", "MIA-0002"),
        DemoDevice("Field west", fields[1], "First Solar", "Series 6", "MIA-0003"),
        DemoDevice("Inverter east", inverters[0], "SMA", "Sunny Central 1000", "MIA-0004"),
        DemoDevice("Inverter west", inverters[1], "SMA", "Sunny Central 1000", "MIA-0005"),
        DemoDevice(
            "Station service", Load(slug="station-service", annual=40e6, profile="g3"),
            "Schneider Electric", "iEM3255", "MIA-0006",
        ),
        DemoDevice(
            "Weather station", WeatherStation(slug="weather-station"),
            "Kipp & Zonen", "RT1", "MIA-0007",
        ),
    )  # fmt: skip


def _wind_site() -> tuple[DemoDevice, ...]:
    turbines = tuple(
        WindTurbine(
            slug=f"turbine-{number}", model="vestas_v47_660", rated=660e3, hub_height=50.0,
            diameter=47.0, rotor=(20.0, 28.5), cut_in=4.0,
        )
        for number in (1, 2)
    )  # fmt: skip
    grid = GridMeter(slug="grid-meter", rated=2e6, nominal=12_470.0, interconnection="sand-point")
    return (
        DemoDevice("Grid meter", grid, "Schweitzer Engineering", "SEL-735", "SDP-0001"),
        DemoDevice("Turbine 1", turbines[0], "Vestas", "V47-660 kW", "SDP-0002"),
        DemoDevice("Turbine 2", turbines[1], "Vestas", "V47-660 kW", "SDP-0003"),
        DemoDevice(
            "Harbour supply", Load(slug="harbour-supply", annual=1.2e9, profile="g3"),
            "Schneider Electric", "ION7400", "SDP-0004",
        ),
        DemoDevice(
            "Weather station", WeatherStation(slug="weather-station"),
            "Vaisala", "WXT536", "SDP-0005",
        ),
    )  # fmt: skip


def _test_yard() -> tuple[DemoDevice, ...]:
    canopy = PvArray(slug="canopy-array", dc_rated=70e3, tilt=8.0, azimuth=180.0, voltage=700.0)
    grid = GridMeter(slug="grid-meter", rated=150e3, nominal=480.0, interconnection="eastern")
    return (
        DemoDevice("Grid meter", grid, "Janitza", "UMG 604-PRO", "KEY-0001"),
        DemoDevice("Canopy array", canopy, "Qcells", "Q.PEAK DUO XL-G10", "KEY-0002"),
        DemoDevice(
            "PV inverter", Inverter(slug="pv-inverter", rated=60e3, arrays=(canopy,)),
            "SMA", "Sunny Tripower CORE1", "KEY-0003",
        ),
        DemoDevice(
            "Battery", Battery(slug="battery", rated=30e3, capacity=60e3),
            "BYD", "Battery-Box Commercial", "KEY-0004",
        ),
        DemoDevice(
            "Workshop", Load(slug="workshop", annual=130e6, profile="g0"),
            "Schneider Electric", "iEM3255", "KEY-0005",
        ),
    )  # fmt: skip


FLEET = (
    DemoSite(
        "Greensboro Campus", "greensboro-campus",
        "A campus with sun, wind, a battery, electric cars, a heat pump and a standby genset.",
        "Greensboro, North Carolina, USA", 36.0687, -79.8077, "America/New_York",
        GREENSBORO, _campus(),
    ),
    DemoSite(
        "Miami Solar Park", "miami-solar-park",
        "Two megawatts of ground-mounted modules, feeding the distribution grid.",
        "Miami-Dade County, Florida, USA", 25.8134, -80.4187, "America/New_York",
        MIAMI, _solar_park(),
    ),
    DemoSite(
        "Sand Point Wind", "sand-point-wind",
        "Two turbines on Popof Island that supply the harbour and feed the town's grid.",
        "Sand Point, Alaska, USA", 55.3397, -160.4972, "America/Anchorage",
        SAND_POINT, _wind_site(),
    ),
    DemoSite(
        "Key Biscayne Test Yard", "key-biscayne-test-yard",
        "Where new equipment is tried out; assigned to nobody, so only administrators see it.",
        "Key Biscayne, Florida, USA", 25.6938, -80.1629, "America/New_York",
        MIAMI, _test_yard(),
    ),
)  # fmt: skip

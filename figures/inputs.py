"""Which Metrics of a Site its figures are computed from."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from django.db.models import Exists, OuterRef

from devices.kinds import DeviceKind
from devices.models import Device
from metrics.models import Latest, Metric
from metrics.units import factor_between
from metrics.vocabulary import MetricType
from sites.models import Site


class Exchange(NamedTuple):
    """One way in which energy comes to a Site's bus or leaves it.

    `keys` are those of the power and of the energy that measure it, by kind of Device; `sign` is
    that of the power while it flows this way.
    """

    sign: int
    keys: Mapping[str, tuple[str, str]]


EXCHANGES = {
    "production": Exchange(
        +1,
        {
            DeviceKind.INVERTER: ("active_power", "production_energy"),
            DeviceKind.WIND_TURBINE: ("active_power", "production_energy"),
            DeviceKind.GENSET: ("active_power", "production_energy"),
            DeviceKind.PV_ARRAY: ("dc_power", "production_energy"),
        },
    ),
    "import": Exchange(+1, {DeviceKind.GRID_METER: ("active_power", "import_energy")}),
    "export": Exchange(-1, {DeviceKind.GRID_METER: ("active_power", "export_energy")}),
    "discharge": Exchange(+1, {DeviceKind.BATTERY: ("active_power", "discharge_energy")}),
    "charge": Exchange(-1, {DeviceKind.BATTERY: ("active_power", "charge_energy")}),
    "load": Exchange(
        +1,
        {
            DeviceKind.LOAD_METER: ("active_power", "consumption_energy"),
            DeviceKind.EV_CHARGER: ("active_power", "session_energy"),
            DeviceKind.HEAT_PUMP: ("active_power", "consumption_energy"),
        },
    ),
}
CHARGE_LEVEL = "state_of_charge"
_KEYS = [keys for exchange in EXCHANGES.values() for keys in exchange.keys.values()]
POWER_KEYS = {power for power, _ in _KEYS} | {CHARGE_LEVEL}
ENERGY_KEYS = {energy for _, energy in _KEYS}
_BASE_UNITS = (
    dict.fromkeys(POWER_KEYS, "W") | dict.fromkeys(ENERGY_KEYS, "Wh") | {CHARGE_LEVEL: "%"}
)
# What measures the energy of an exchange, the best first.
_SOURCES = (MetricType.COUNTER, MetricType.INTERVAL, MetricType.GAUGE)


class Meter(NamedTuple):
    """A Device that measures an exchange, by one or several of its Metrics, the best first."""

    device: Device
    sources: tuple[Metric, ...]


class SiteInputs:
    """The Metrics of one Site that its figures are computed from."""

    def __init__(self, metrics: Iterable[Metric]) -> None:
        self._devices: dict[int, Device] = {}
        self._metrics: dict[tuple[int, str], Metric] = {}
        for metric in metrics:
            self._devices[metric.device_id] = metric.device
            self._metrics[metric.device_id, metric.key] = metric

    @property
    def charge_levels(self) -> list[Metric]:
        """The states of charge of batteries, not of electric cars."""
        metrics = self._metrics.values()
        return [
            metric
            for metric in metrics
            if metric.key == CHARGE_LEVEL and metric.device.kind == DeviceKind.BATTERY
        ]

    def powers(self, name: str) -> list[Metric]:
        """The powers that measure exchange `name`."""
        return [
            metric
            for meter in self.meters(name)
            for metric in meter.sources
            if metric.type == MetricType.GAUGE
        ]

    def meters(self, name: str) -> list[Meter]:
        """What measures the energy of exchange `name`, a Meter for each Device."""
        keys = EXCHANGES[name].keys
        devices = [device for device in self._devices.values() if device.kind in keys]
        meters = (Meter(device, self._sources(device, keys[device.kind])) for device in devices)
        return [meter for meter in meters if meter.sources]

    def _sources(self, device: Device, keys: Iterable[str]) -> tuple[Metric, ...]:
        """Those in known units; where there are none, the others, of which nothing is known."""
        power, energy = (self._metrics.get((device.pk, key)) for key in keys)
        found = [
            metric
            for kind in _SOURCES
            if (metric := power if kind == MetricType.GAUGE else energy) and metric.type == kind
        ]
        known = [metric for metric in found if scale_of(metric) is not None]
        return tuple(known or found)


def scale_of(metric: Metric) -> float | None:
    """What one of an input's unit is in W, Wh or %; None where it is no unit of that."""
    return factor_between(metric.unit, _BASE_UNITS[metric.key])


def site_inputs(sites: Sequence[Site], keys: Iterable[str]) -> dict[int, SiteInputs]:
    """By Site id, the Metrics with those keys.

    Each is told whether its Device `has_reported` anything at all.
    """
    metrics: dict[int, list[Metric]] = {site.pk: [] for site in sites}
    reported = Latest.objects.filter(metric__device=OuterRef("device"))
    chosen = Metric.objects.filter(device__site__in=metrics, key__in=keys)
    for metric in chosen.with_latest().annotate(has_reported=Exists(reported)):
        metrics[metric.device.site_id].append(metric)
    return {site: SiteInputs(of_site) for site, of_site in metrics.items()}

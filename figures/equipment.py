"""Which Metrics of a Site its figures are made of."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from devices.kinds import DeviceKind, DeviceStatus
from metrics.models import Metric
from metrics.vocabulary import MetricType
from sites.models import Site


class Flow(NamedTuple):
    """One direction of exchange: by kind of Device, the keys of its power and its counter.

    `sign` is that of the power while it flows this way.
    """

    sign: int
    keys: Mapping[str, tuple[str, str]]


FLOWS = {
    "production": Flow(
        +1,
        {
            DeviceKind.INVERTER: ("active_power", "production_energy"),
            DeviceKind.WIND_TURBINE: ("active_power", "production_energy"),
            DeviceKind.GENSET: ("active_power", "production_energy"),
            DeviceKind.PV_ARRAY: ("dc_power", "production_energy"),
        },
    ),
    "import": Flow(+1, {DeviceKind.GRID_METER: ("active_power", "import_energy")}),
    "export": Flow(-1, {DeviceKind.GRID_METER: ("active_power", "export_energy")}),
    "discharge": Flow(+1, {DeviceKind.BATTERY: ("active_power", "discharge_energy")}),
    "charge": Flow(-1, {DeviceKind.BATTERY: ("active_power", "charge_energy")}),
    "load": Flow(
        +1,
        {
            DeviceKind.LOAD_METER: ("active_power", "consumption_energy"),
            DeviceKind.EV_CHARGER: ("active_power", "session_energy"),
            DeviceKind.HEAT_PUMP: ("active_power", "consumption_energy"),
        },
    ),
}
CHARGE_LEVEL = "state_of_charge"
POWER_KEYS = {key for flow in FLOWS.values() for key, _ in flow.keys.values()} | {CHARGE_LEVEL}
ENERGY_KEYS = {key for flow in FLOWS.values() for _, key in flow.keys.values()}
_WATTS = {"W": 1.0, "kW": 1e3, "MW": 1e6}
_WATT_HOURS = {"Wh": 1.0, "kWh": 1e3, "MWh": 1e6}
# What one of each unit is in W, Wh or %.
SCALES = _WATTS | _WATT_HOURS | {"%": 1.0}

_Key = tuple[int, str]


class Equipment:
    """The Metrics of one Site that its figures are made of."""

    def __init__(self, metrics: Iterable[Metric]) -> None:
        self._kinds: dict[int, str] = {}
        self._powers: dict[_Key, Metric] = {}
        self._counters: dict[_Key, Metric] = {}
        self.charge_levels: list[Metric] = []
        for metric in metrics:
            self._add(metric)

    def powers(self, name: str) -> list[Metric]:
        """The powers that flow `name` is a direction of."""
        return self._behind_inverters(power for power, _ in self._meters(name))

    def energies(self, name: str) -> list[Metric]:
        """What the energy of flow `name` comes from: each Device's counter, else its power."""
        return self._behind_inverters(counter or power for power, counter in self._meters(name))

    def _add(self, metric: Metric) -> None:
        self._kinds[metric.device_id] = metric.device.kind
        key = (metric.device_id, metric.key)
        if metric.key == CHARGE_LEVEL:
            if metric.device.kind == DeviceKind.BATTERY:  # an electric car has one of its own
                self.charge_levels.append(metric)
        elif metric.type == MetricType.GAUGE and metric.unit in _WATTS:
            self._powers[key] = metric
        elif metric.type == MetricType.COUNTER and metric.unit in _WATT_HOURS:
            self._counters[key] = metric

    def _meters(self, name: str) -> Iterator[tuple[Metric | None, Metric | None]]:
        """The power and the counter of each Device that has part in flow `name`."""
        for device, kind in self._kinds.items():
            if kind in FLOWS[name].keys:
                power, counter = FLOWS[name].keys[kind]
                yield self._powers.get((device, power)), self._counters.get((device, counter))

    @staticmethod
    def _behind_inverters(found: Iterable[Metric | None]) -> list[Metric]:
        """Without PV arrays where inverters measure the same energy once more, less the losses."""
        meters = [metric for metric in found if metric]
        if any(metric.device.kind == DeviceKind.INVERTER for metric in meters):
            return [metric for metric in meters if metric.device.kind != DeviceKind.PV_ARRAY]
        return meters


def equipment_of(sites: Sequence[Site], keys: Iterable[str]) -> dict[int, Equipment]:
    """The Metrics of those keys, in a unit of SCALES, of each Site's Devices in service."""
    metrics: dict[int, list[Metric]] = {site.pk: [] for site in sites}
    in_service = Metric.objects.exclude(device__status=DeviceStatus.RETIRED)
    wanted = in_service.filter(device__site__in=metrics, key__in=keys, unit__in=SCALES)
    for metric in wanted.with_latest():
        metrics[metric.device.site_id].append(metric)
    return {site: Equipment(found) for site, found in metrics.items()}

"""Which Metrics of a Site its figures are computed from."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from devices.kinds import DeviceKind, DeviceStatus
from metrics.models import Metric
from metrics.units import factor_between
from metrics.vocabulary import MetricType
from sites.models import Site


class Exchange(NamedTuple):
    """One way in which energy comes to a Site's bus or leaves it.

    `keys` are those of the power and of the counter that measure it, by kind of Device; `sign` is
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
ENERGY_KEYS = {counter for _, counter in _KEYS}
COUNTING = (MetricType.COUNTER, MetricType.INTERVAL)  # what measures energy, not power
_BASE_UNITS = (
    dict.fromkeys(POWER_KEYS, "W") | dict.fromkeys(ENERGY_KEYS, "Wh") | {CHARGE_LEVEL: "%"}
)

_Key = tuple[int, str]


class SiteInputs:
    """The Metrics of one Site that its figures are computed from."""

    def __init__(self, metrics: Iterable[Metric]) -> None:
        self._kinds: dict[int, str] = {}
        self._powers: dict[_Key, Metric] = {}
        self._counters: dict[_Key, Metric] = {}
        self.charge_levels: list[Metric] = []
        for metric in metrics:
            self._add(metric)

    def powers(self, name: str) -> list[Metric]:
        """The powers that measure exchange `name`."""
        return self._without_arrays(power for power, _ in self._meters(name))

    def energies(self, name: str) -> list[Metric]:
        """What measures the energy of exchange `name`: each Device's counter, else its power."""
        return self._without_arrays(counter or power for power, counter in self._meters(name))

    def _add(self, metric: Metric) -> None:
        self._kinds[metric.device_id] = metric.device.kind
        key = (metric.device_id, metric.key)
        if metric.key == CHARGE_LEVEL:
            if metric.device.kind == DeviceKind.BATTERY:  # an electric car has one of its own
                self.charge_levels.append(metric)
        elif metric.type == MetricType.GAUGE and metric.key in POWER_KEYS:
            self._powers[key] = metric
        elif metric.type in COUNTING and metric.key in ENERGY_KEYS:
            self._counters[key] = metric

    def _meters(self, name: str) -> Iterator[tuple[Metric | None, Metric | None]]:
        """The power and the counter of each Device that has part in exchange `name`."""
        keys = EXCHANGES[name].keys
        for device, kind in self._kinds.items():
            if kind in keys:
                power, counter = keys[kind]
                yield self._powers.get((device, power)), self._counters.get((device, counter))

    @staticmethod
    def _without_arrays(metrics: Iterable[Metric | None]) -> list[Metric]:
        """Leaves out PV arrays where inverters measure the same energy behind them."""
        meters = [metric for metric in metrics if metric]
        if any(metric.device.kind == DeviceKind.INVERTER for metric in meters):
            return [metric for metric in meters if metric.device.kind != DeviceKind.PV_ARRAY]
        return meters


def scale_of(metric: Metric) -> float | None:
    """What one of an input's unit is in W, Wh or %; None where it is no unit of that."""
    return factor_between(metric.unit, _BASE_UNITS[metric.key])


def site_inputs(sites: Sequence[Site], keys: Iterable[str]) -> dict[int, SiteInputs]:
    """By Site id, the Metrics with those keys of the Devices in service."""
    metrics: dict[int, list[Metric]] = {site.pk: [] for site in sites}
    in_service = Metric.objects.exclude(device__status=DeviceStatus.RETIRED)
    chosen = in_service.filter(device__site__in=metrics, key__in=keys)
    for metric in chosen.with_latest():
        metrics[metric.device.site_id].append(metric)
    return {site: SiteInputs(of_site) for site, of_site in metrics.items()}

"""The figures of a Site: what its devices come to, and when that is not known."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.kinds import DeviceKind, DeviceStatus
from devices.models import Device
from energy.instants import to_micros
from figures.figures import Figure, Figures, site_figures, site_powers
from figures.flows import Energies
from figures.missing import Missing, Reason
from history import get_store
from history.arrays import ReadingBatch
from metrics.models import Latest, Metric
from metrics.vocabulary import describe
from sites.models import Site
from tests.support.factories import DeviceFactory, SiteFactory, UserFactory

MIDNIGHT = datetime(2026, 1, 14, 23, tzinfo=UTC)  # of 15 January in Amsterdam
NOW = MIDNIGHT + timedelta(hours=12)


def equip(site: Site, kind: str, *, stale: bool = False, **values: float) -> Device:
    """A Device of that kind whose latest values are those given, by key."""
    specs = [describe(kind, key) for key in values]
    device = DeviceFactory.build(site=site, kind=kind)
    device.named_metrics = specs
    device.save()
    measured = NOW - timedelta(minutes=11 if stale else 1)
    for key, value in values.items():
        Latest.objects.create(
            metric=device.metrics.get(key=key),
            value=value,
            timestamp=measured,
            received_at=measured,
        )
    return device


def record(device: Device, key: str, hourly: Sequence[float], first: int = 0) -> Metric:
    """Readings a minute of power, one value an hour, or of a counter of such hourly energies."""
    spec = describe(device.kind, key)
    metric, _ = Metric.objects.get_or_create(device=device, key=key, defaults=spec._asdict())
    minutes = np.arange(len(hourly) * 60 + 1)
    if spec.type == "counter":
        values = np.interp(minutes / 60, np.arange(len(hourly) + 1), np.cumsum([500, *hourly]))
    else:
        values = np.asarray([*hourly, hourly[-1]], float)[minutes // 60]
    start = to_micros(MIDNIGHT) + first * 3_600_000_000
    timestamps = start + minutes * 60_000_000
    get_store().append(ReadingBatch.of(np.full(minutes.size, metric.pk), timestamps, values))
    return metric


def relabel(device: Device, unit: str) -> None:
    """Say that the values of a Device's only Metric are in that unit."""
    metric = device.metrics.get()
    metric.unit, metric.relabelled_by = unit, UserFactory()
    metric.save()


def figures(site: Site, now: datetime = NOW) -> Figures:
    return site_figures([site], now)[site.pk]


def values_of(site: Site, *names: str) -> list[Any]:
    found = figures(site)
    return [found[name].value and round(found[name].value, 6) for name in names]


class TestPowerNow:
    POWERS = ("production_power", "consumption_power", "grid_power", "battery_power")

    def test_consumption_is_what_balances_the_bus(self, site: Site) -> None:
        equip(site, DeviceKind.GRID_METER, active_power=-1_000)
        equip(site, DeviceKind.INVERTER, active_power=5_000)
        equip(site, DeviceKind.WIND_TURBINE, active_power=700)
        equip(site, DeviceKind.GENSET, active_power=300)
        equip(site, DeviceKind.BATTERY, active_power=-2_000, state_of_charge=40)
        equip(site, DeviceKind.LOAD_METER, active_power=99)

        assert values_of(site, *self.POWERS) == [6_000, 3_000, -1_000, -2_000]

    def test_without_a_grid_meter_consumption_is_the_sum_of_the_loads(self, site: Site) -> None:
        equip(site, DeviceKind.LOAD_METER, active_power=1_000)
        equip(site, DeviceKind.EV_CHARGER, active_power=7_000)
        equip(site, DeviceKind.HEAT_PUMP, active_power=500)

        assert values_of(site, *self.POWERS) == [None, 8_500, None, None]

    def test_pv_counts_behind_its_inverter_only(self, site: Site) -> None:
        equip(site, DeviceKind.PV_ARRAY, dc_power=5_200)
        assert values_of(site, "production_power") == [5_200]

        equip(site, DeviceKind.INVERTER, active_power=5_000)
        assert values_of(site, "production_power") == [5_000]

    def test_a_stale_value_does_not_count(self, site: Site) -> None:
        for _ in range(4):
            equip(site, DeviceKind.INVERTER, active_power=100)
        silent = equip(site, DeviceKind.INVERTER, active_power=999, stale=True)

        assert figures(site)["production_power"] == Figure(
            400, "W", NOW - timedelta(minutes=1), 0.8, 400, (Missing(silent, Reason.STALE),)
        )

    def test_below_a_coverage_of_80_percent_there_is_no_figure(self, site: Site) -> None:
        for stale in (False, False, False, True):
            last = equip(site, DeviceKind.INVERTER, active_power=100, stale=stale)

        assert figures(site)["production_power"] == Figure(
            None, "W", NOW - timedelta(minutes=1), 0.75, 300, (Missing(last, Reason.STALE),)
        )

    def test_consumption_is_unknown_with_any_side_of_its_balance(self, site: Site) -> None:
        for _ in range(9):
            equip(site, DeviceKind.INVERTER, active_power=100)
        equip(site, DeviceKind.GRID_METER, active_power=5_000, stale=True)

        assert values_of(site, *self.POWERS) == [900, None, None, None]

    def test_state_of_charge_is_the_mean_of_the_batteries(self, site: Site) -> None:
        equip(site, DeviceKind.BATTERY, state_of_charge=40)
        equip(site, DeviceKind.BATTERY, state_of_charge=70)

        assert values_of(site, "state_of_charge") == [55]

    def test_state_of_charge_leaves_stale_batteries_out(self, site: Site) -> None:
        for charge in (50, 50, 60, 60):
            equip(site, DeviceKind.BATTERY, state_of_charge=charge)
        equip(site, DeviceKind.BATTERY, state_of_charge=5, stale=True)

        assert values_of(site, "state_of_charge") == [55]

    def test_a_retired_device_does_not_count(self, site: Site) -> None:
        equip(site, DeviceKind.INVERTER, active_power=100)
        retired = equip(site, DeviceKind.INVERTER, active_power=999, stale=True)
        Device.objects.filter(pk=retired.pk).update(
            status=DeviceStatus.RETIRED, retired_at=NOW - timedelta(days=1)
        )

        assert figures(site)["production_power"].value == 100

    def test_powers_in_kilowatts_are_taken_for_what_they_are(self, site: Site) -> None:
        relabel(equip(site, DeviceKind.LOAD_METER, active_power=1.5), "kW")

        assert values_of(site, "consumption_power") == [1_500]

    @pytest.mark.parametrize(("unit", "watts"), [("mW", 2e-3), ("MW", 2e6), ("GW", 2e9)])
    def test_every_unit_of_power_counts(self, site: Site, unit: str, watts: float) -> None:
        relabel(equip(site, DeviceKind.LOAD_METER, active_power=2), unit)

        assert figures(site)["consumption_power"].value == pytest.approx(watts)

    def test_what_is_in_no_unit_of_power_is_not_known(self, site: Site) -> None:
        equip(site, DeviceKind.LOAD_METER, active_power=100)
        relabel(equip(site, DeviceKind.LOAD_METER, active_power=100), "KW")

        figure = figures(site)["consumption_power"]
        assert (figure.value, figure.coverage) == (None, 0.5)

    def test_a_site_without_devices_has_no_figures(self, site: Site) -> None:
        assert {figure.value for figure in figures(site).values()} == {None}

    def test_powers_of_a_page_of_sites_are_one_query(
        self, db: None, django_assert_num_queries: Any
    ) -> None:
        sites = [SiteFactory() for _ in range(50)]
        for number, site in enumerate(sites):
            equip(site, DeviceKind.LOAD_METER, active_power=number)

        with django_assert_num_queries(1):
            powers = site_powers(sites, NOW)

        assert [powers[s.pk]["consumption_power"].value for s in sites] == list(range(50))
        assert powers[sites[3].pk].keys() == {*self.POWERS, "state_of_charge"}


class TestEnergyToday:
    ENERGIES = (
        "production_energy",
        "consumption_energy",
        "grid_import_energy",
        "grid_export_energy",
        "battery_charge_energy",
        "battery_discharge_energy",
    )

    def test_counters_are_read_from_local_midnight_on(self, site: Site) -> None:
        meter = equip(site, DeviceKind.GRID_METER, active_power=1)
        record(meter, "import_energy", [7_777] * 3 + [100] * 12, first=-3)
        record(meter, "export_energy", [10] * 12)
        record(equip(site, DeviceKind.INVERTER, active_power=1), "production_energy", [50] * 12)
        battery = equip(site, DeviceKind.BATTERY, active_power=1)
        record(battery, "charge_energy", [20] * 12)
        record(battery, "discharge_energy", [5] * 12)

        assert values_of(site, *self.ENERGIES) == [600, 1_500, 1_200, 120, 240, 60]
        assert figures(site)["grid_import_energy"].unit == "Wh"

    def test_without_counters_power_is_integrated_by_direction(self, site: Site) -> None:
        meter = equip(site, DeviceKind.GRID_METER, active_power=1)
        record(meter, "active_power", [1_000] * 6 + [-500] * 6)
        inverter = equip(site, DeviceKind.INVERTER, active_power=1)
        record(inverter, "active_power", [0] * 6 + [600] * 6)

        assert values_of(site, "grid_import_energy", "grid_export_energy") == [6_000, 3_000]
        assert values_of(site, "consumption_energy") == [6_600]

    def test_with_too_many_gaps_there_is_no_figure(self, site: Site) -> None:
        meter = equip(site, DeviceKind.LOAD_METER, active_power=1)
        record(meter, "consumption_energy", [100] * 9)

        found = figures(site)["consumption_energy"]

        assert found.value is None
        assert found.coverage == pytest.approx(0.75 + 5 / 720, abs=1e-4)
        assert found.timestamp == MIDNIGHT + timedelta(hours=9)

    def test_every_site_has_its_own_midnight(self, site: Site) -> None:
        kathmandu = SiteFactory(time_zone="Asia/Kathmandu")  # 4:45 ahead of Amsterdam
        for where in (site, kathmandu):
            meter = equip(where, DeviceKind.LOAD_METER, active_power=1)
            record(meter, "consumption_energy", [60] * 18, first=-6)

        found = site_figures([site, kathmandu], NOW)

        assert found[site.pk]["consumption_energy"].value == pytest.approx(720)
        assert found[kathmandu.pk]["consumption_energy"].value == pytest.approx(720 + 285)

    def test_at_midnight_itself_nothing_is_known_yet(self, site: Site) -> None:
        meter = equip(site, DeviceKind.LOAD_METER, active_power=1)
        record(meter, "consumption_energy", [60], first=-1)

        assert figures(site, MIDNIGHT)["consumption_energy"].value is None


class TestShares:
    SHARES = ("autarky", "self_consumption")

    def exchange(self, site: Site, **energies: Sequence[float]) -> None:
        meter = equip(site, DeviceKind.GRID_METER, active_power=1)
        record(meter, "import_energy", energies["imported"])
        record(meter, "export_energy", energies["exported"])
        inverter = equip(site, DeviceKind.INVERTER, active_power=1)
        record(inverter, "production_energy", energies["produced"])
        if "charged" in energies:
            battery = equip(site, DeviceKind.BATTERY, active_power=1)
            record(battery, "charge_energy", energies["charged"])
            record(battery, "discharge_energy", energies["discharged"])

    def test_they_are_what_was_not_imported_and_not_exported(self, site: Site) -> None:
        self.exchange(site, imported=[25] * 12, exported=[30] * 12, produced=[105] * 12)

        assert values_of(site, *self.SHARES) == [75, round(100 * 75 / 105, 6)]
        assert figures(site)["autarky"].unit == "%"

    def test_without_production_self_consumption_is_unknown_not_zero(self, site: Site) -> None:
        self.exchange(site, imported=[25] * 12, exported=[0] * 12, produced=[0] * 12)

        assert values_of(site, *self.SHARES) == [0, None]

    def test_without_consumption_autarky_is_unknown_not_full(self, site: Site) -> None:
        self.exchange(site, imported=[0] * 12, exported=[50] * 12, produced=[50] * 12)

        assert values_of(site, *self.SHARES) == [None, 0]

    def test_what_charges_the_battery_from_the_grid_is_not_consumed(self, site: Site) -> None:
        night, day = [1] * 6, [1] * 6
        self.exchange(
            site,
            imported=[300 * n for n in night] + [0 * n for n in day],
            exported=[0] * 12,
            produced=[0] * 6 + [50] * 6,
            charged=[200] * 6 + [0] * 6,
            discharged=[0] * 6 + [50] * 6,
        )

        # Consumed 100 an hour; the grid served the six hours of the night, 600 of 1,200.
        assert values_of(site, *self.SHARES) == [50, 100]

    def test_they_are_unknown_when_a_part_is(self, site: Site) -> None:
        self.exchange(site, imported=[25] * 12, exported=[30] * 8, produced=[105] * 12)

        assert values_of(site, *self.SHARES) == [None, None]


amounts = st.floats(0, 1e6)
SOURCES = {"production": "production", "grid": "imported", "storage": "discharged"}
SINKS = {"consumption": "consumption", "storage": "charged", "grid": "exported"}


def split_up(rows: list[tuple[float, ...]]) -> tuple[dict[str, Any], dict[tuple[str, str], Any]]:
    """What six exchanges a bucket are, by name, and their flows by source and sink."""
    energies = Energies(*np.array(rows).T)
    flows = {tuple(name.split("_to_")): values for name, values in asdict(energies.flows()).items()}
    return asdict(energies), flows


@given(st.lists(st.tuples(*[amounts] * 7), min_size=1, max_size=5))
def test_where_the_balance_holds_the_flows_add_up_to_every_exchange(
    rows: list[tuple[float, ...]],
) -> None:
    pc, ps, pg, gc, gs, sc, sg = np.array(rows).T
    exchanges = (pc + ps + pg, pc + gc + sc, gc + gs, pg + sg, ps + gs, sc + sg)

    energies, flows = split_up(list(zip(*exchanges, strict=True)))

    assert len(flows) == 7
    for ends, place in ((SOURCES, 0), (SINKS, 1)):
        for end, name in ends.items():
            total = sum(values for key, values in flows.items() if key[place] == end)
            assert total == pytest.approx(energies[name], abs=1e-6)


@given(st.lists(st.tuples(*[amounts] * 6), min_size=1, max_size=5))
def test_flows_are_never_negative_and_never_more_than_what_was_exchanged(
    rows: list[tuple[float, ...]],
) -> None:
    energies, flows = split_up(rows)

    for values in flows.values():
        assert np.all(values >= 0)
    for ends, place in ((SOURCES, 0), (SINKS, 1)):
        for end, name in ends.items():
            total = sum(values for key, values in flows.items() if key[place] == end)
            assert np.all(total <= energies[name] + 1e-6)


@given(st.lists(st.tuples(amounts, amounts, amounts), min_size=1, max_size=5))
def test_production_serves_consumption_first_and_charges_next(
    rows: list[tuple[float, float, float]],
) -> None:
    production, consumption, charged = np.array(rows).T
    net = consumption + charged - production
    exchanges = (production, consumption, np.maximum(net, 0), np.maximum(-net, 0), charged, 0 * net)

    _, flows = split_up(list(zip(*exchanges, strict=True)))

    direct = np.minimum(production, consumption)
    assert flows["production", "consumption"] == pytest.approx(direct, abs=1e-6)
    stored = np.minimum(charged, production - direct)
    assert flows["production", "storage"] == pytest.approx(stored, abs=1e-6)

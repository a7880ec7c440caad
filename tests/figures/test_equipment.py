"""Figures while equipment comes and goes: each Device counts while it is in service."""

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from devices.kinds import DeviceKind
from energy.instants import to_micros
from history import get_store
from history.arrays import ReadingBatch
from metrics.models import Metric
from metrics.vocabulary import describe
from tests.support.factories import LatestFactory
from tests.support.metering import equip, run

NOON = datetime(2026, 6, 15, 10, tzinfo=UTC)  # in Amsterdam
MAY = datetime(2026, 4, 30, 22, tzinfo=UTC)  # its midnight
DAYS = 31
INVERTER, GRID = DeviceKind.INVERTER, DeviceKind.GRID_METER


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


@pytest.fixture
def overview(api_client_for, standard, site):
    def ask(period: str, *names: str) -> Any:
        response = api_client_for(standard).get(f"/api/v1/sites/{site.pk}/overview/?{period}")
        assert response.status_code == 200, response.content
        answer = response.json()
        return answer[names[0]] if len(names) == 1 else [answer[name] for name in names]

    return ask


def may(name, overview):
    """The figure of May, and the sum of those of its days."""
    days = [overview(f"period=2026-05-{day:02}", name)["value"] for day in range(1, DAYS + 1)]
    return overview("period=2026-05", name), sum(days)


def serve(metric, start=None, end=None):
    """Say from when to when the Device of a Metric was in service."""
    device = metric.device
    device.in_service_from, device.retired_at = start, end
    device.status = "retired" if end else "active"
    device.save()
    return device


def power(metric, start, hours, watts):
    """Readings of a power every five minutes."""
    beside, _ = Metric.objects.get_or_create(
        device=metric.device,
        key="active_power",
        defaults={
            **describe(metric.device.kind, "active_power")._asdict(),
            "expected_interval": 300,
        },
    )
    instants = to_micros(start) + np.arange(hours * 12 + 1) * 300_000_000
    get_store().append(
        ReadingBatch.of(np.full(instants.size, beside.pk), instants, np.full(instants.size, watts))
    )
    return beside


class TestService:
    def test_retiring_one_of_two_inverters_does_not_change_last_month(self, overview, site):
        metrics = [equip(site, INVERTER, "production_energy") for _ in range(2)]
        for metric in metrics:
            run(metric, MAY, 24 * DAYS, 100)
        before = overview("period=2026-05", "production_energy")
        serve(metrics[0], end=NOON)
        after = overview("period=2026-05", "production_energy")
        assert after == before
        assert after["value"] == pytest.approx(2 * 100 * 24 * DAYS)

    def test_one_that_was_retired_in_between_counts_until_then(self, overview, site):
        metrics = [equip(site, INVERTER, "production_energy") for _ in range(2)]
        for metric in metrics:
            run(metric, MAY, 24 * DAYS, 100)
        serve(metrics[0], end=MAY + timedelta(days=10, minutes=7))
        month, days = may("production_energy", overview)
        assert month["value"] == pytest.approx(100 * (24 * DAYS + 240 + 7 / 60))
        assert days == pytest.approx(month["value"])
        assert (month["coverage"], month["missing"]) == (1, [])

    @pytest.mark.parametrize("minutes", [0, 7])
    def test_a_swapped_grid_meter_gives_both_parts(self, overview, site, minutes):
        swap = MAY + timedelta(days=9, hours=12, minutes=minutes)
        old, new = (equip(site, GRID, "import_energy") for _ in range(2))
        run(old, MAY, 9 * 24 + 13, 100)
        run(new, swap, 24 * DAYS, 100)
        serve(old, end=swap)
        month, days = may("grid_import_energy", overview)
        assert month["value"] == pytest.approx(100 * 24 * DAYS)
        assert days == pytest.approx(month["value"])
        assert overview("period=2026-05-10", "consumption_energy")["value"] == pytest.approx(2400)

    def test_a_silent_new_device_blanks_nothing_and_is_named(self, overview, site):
        run(equip(site, INVERTER, "production_energy"), MAY, 24 * DAYS, 100)
        run(equip(site, GRID, "import_energy"), MAY, 24 * DAYS, 50)
        turbine = equip(site, DeviceKind.WIND_TURBINE, "production_energy")
        made, used = overview("period=2026-05", "production_energy", "consumption_energy")
        assert made["value"] == pytest.approx(100 * 24 * DAYS)
        assert used["value"] == pytest.approx(150 * 24 * DAYS)
        named = [{"device": turbine.device_id, "reason": "never_reported"}]
        assert made["missing"] == used["missing"] == named

    def test_of_one_that_was_to_be_in_service_readings_are_expected(self, overview, site):
        run(equip(site, INVERTER, "production_energy"), MAY, 24 * DAYS, 100)
        silent = serve(equip(site, INVERTER, "production_energy"), start=MAY)
        figure = overview("period=2026-05", "production_energy")
        assert (figure["value"], figure["coverage"]) == (None, 0.5)
        assert figure["partial"] == pytest.approx(100 * 24 * DAYS)
        assert figure["missing"] == [{"device": silent.pk, "reason": "never_reported"}]

    def test_one_that_fell_silent_before_the_period_is_still_expected(self, overview, site):
        run(equip(site, INVERTER, "production_energy"), MAY, 24 * DAYS, 100)
        broken = equip(site, INVERTER, "production_energy")
        run(broken, MAY - timedelta(days=40), 24, 100)
        figure = overview("period=2026-05", "production_energy")
        assert (figure["value"], figure["coverage"]) == (None, 0.5)
        assert figure["missing"] == [
            {"device": broken.device_id, "reason": "no_readings_in_period"}
        ]

    def test_one_that_begins_later_is_not_missed_before(self, overview, site):
        run(equip(site, INVERTER, "production_energy"), MAY, 24 * DAYS, 100)
        late = equip(site, INVERTER, "production_energy")
        run(late, MAY + timedelta(days=DAYS + 3), 24, 100)
        figure = overview("period=2026-05", "production_energy")
        assert (figure["coverage"], figure["missing"]) == (1, [])

    def test_gaps_of_one_are_named(self, overview, site):
        metric = equip(site, INVERTER, "production_energy")
        run(metric, MAY, 24 * 10, 100)
        figure = overview("period=2026-05", "production_energy")
        assert figure["value"] is None
        assert figure["partial"] == pytest.approx(100 * 24 * 10)
        assert figure["missing"] == [{"device": metric.device_id, "reason": "gaps"}]

    def test_consumption_is_unknown_while_no_grid_meter_was_in_service(self, overview, site):
        run(equip(site, INVERTER, "production_energy"), MAY, 24 * DAYS, 100)
        run(equip(site, GRID, "import_energy"), MAY + timedelta(days=20), 24 * 11, 50)
        used, imported = overview("period=2026-05", "consumption_energy", "grid_import_energy")
        assert imported["value"] == pytest.approx(50 * 24 * 11)
        assert used["value"] is None
        assert used["partial"] == pytest.approx(150 * 24 * 11)
        assert used["coverage"] == pytest.approx(11 / 31, abs=1e-3)

    def test_arrays_count_until_an_inverter_measures_the_same(self, overview, site):
        array = equip(site, DeviceKind.PV_ARRAY, "production_energy")
        run(array, MAY, 24 * DAYS, 110)
        run(equip(site, INVERTER, "production_energy"), MAY + timedelta(days=20), 24 * 11, 100)
        month, days = may("production_energy", overview)
        assert month["value"] == pytest.approx(24 * (20 * 110 + 11 * 100))
        assert days == pytest.approx(month["value"])

    @pytest.mark.parametrize("count", [1, 3, 9])
    def test_as_many_queries_however_many_come_and_go(self, overview, site, count):
        for number in range(count):
            metric = equip(site, INVERTER, "production_energy")
            run(metric, MAY + timedelta(hours=number), 24, 100)
            serve(metric, end=MAY + timedelta(hours=12, minutes=number + 1))
            power(metric, MAY, 24, 100)
        with CaptureQueriesContext(connection) as queries:
            overview("period=2026-05-01", "production_energy")
        assert len(queries) <= 40


class TestSources:
    def test_a_counter_added_to_a_power_meter_leaves_the_days_before(self, overview, site):
        metric = equip(site, INVERTER, "production_energy")
        power(metric, MAY, 24 * DAYS, 90)
        before = overview("period=2026-05-03", "production_energy")
        run(metric, MAY + timedelta(days=9, hours=6), 24 * 22, 100)
        after = overview("period=2026-05-03", "production_energy")
        assert after["value"] == before["value"] == pytest.approx(90 * 24)
        month, days = may("production_energy", overview)
        assert month["value"] == pytest.approx(90 * (9 * 24 + 6) + 100 * (21 * 24 + 18))
        assert days == pytest.approx(month["value"])
        assert month["coverage"] == pytest.approx(1, abs=1e-3)

    def test_where_a_counter_has_a_gap_power_stands_in(self, overview, site):
        metric = equip(site, INVERTER, "production_energy")
        run(metric, MAY, 8, 100)
        run(metric, MAY + timedelta(hours=16), 20, 100)
        power(metric, MAY, 24, 90)
        figure = overview("period=2026-05-01", "production_energy")
        # Of the second run's first reading the reset counts, which is where it stands.
        assert figure["coverage"] == pytest.approx(1, abs=1e-3)
        assert 90 * 24 - 1 <= figure["value"] <= 100 * 24 + 1_000


class TestContradictions:
    def exchange(self, site, **powers):
        keys = {
            "imported": (GRID, "import_energy"),
            "exported": (GRID, "export_energy"),
            "produced": (INVERTER, "production_energy"),
            "discharged": (DeviceKind.BATTERY, "discharge_energy"),
            "charged": (DeviceKind.BATTERY, "charge_energy"),
        }
        metrics = {name: equip(site, *keys[name]) for name in powers}
        for name, metric in metrics.items():
            for hour, watts in enumerate(powers[name]):
                self.count(metric, hour, watts)
        return metrics

    def count(self, metric, hour, watts):
        """An hour of a counter that goes on where it stood."""
        stood = self.__dict__.setdefault("registers", {}).get(metric.pk, 1_000.0)
        steps = np.arange(13)
        instants = to_micros(MAY) + hour * 3_600_000_000 + steps * 300_000_000
        metric.expected_interval = 300
        metric.save()
        get_store().append(
            ReadingBatch.of(np.full(13, metric.pk), instants, stood + steps * watts / 12)
        )
        self.__dict__["registers"][metric.pk] = stood + watts

    def test_more_exported_than_produced_is_no_negative_consumption(self, overview, site):
        metrics = self.exchange(site, exported=[200] * 24, produced=[100] * 24, imported=[0] * 24)
        used, share, flow, made = overview(
            "period=2026-05-01",
            "consumption_energy",
            "self_consumption",
            "grid_to_consumption_energy",
            "production_energy",
        )
        for figure in (used, share, flow):
            assert (figure["value"], figure["partial"]) == (None, None)
            assert {each["reason"] for each in figure["missing"]} == {"contradiction"}
            named = {each["device"] for each in figure["missing"]}
            assert named == {metric.device_id for metric in metrics.values()}
        assert used["coverage"] == 1
        assert (made["value"], made["missing"]) == (pytest.approx(2400), [])

    def test_the_error_of_meters_is_no_contradiction(self, overview, site):
        self.exchange(site, exported=[104] * 24, produced=[100] * 24, imported=[0] * 24)
        assert overview("period=2026-05-01", "consumption_energy")["value"] == 0

    def test_a_meter_the_wrong_way_round_is_found_though_the_day_adds_up(self, overview, site):
        # At night 100 W are consumed, by day 100 of 500: grid counts the wrong way.
        self.exchange(
            site,
            imported=[0] * 12 + [400] * 12,
            exported=[100] * 12 + [0] * 12,
            produced=[0] * 12 + [500] * 12,
        )
        figure = overview("period=2026-05-01", "consumption_energy")
        assert (figure["value"], figure["missing"][0]["reason"]) == (None, "contradiction")

    def test_more_exported_than_made_is_found_although_enough_is_imported(self, overview, site):
        self.exchange(site, imported=[300] * 24, exported=[200] * 24, produced=[100] * 24)
        assert overview("period=2026-05-01", "consumption_energy")["value"] is None

    def test_what_moves_by_a_quarter_of_an_hour_is_no_contradiction(self, overview, site):
        made = [0] * 8 + [400] * 8 + [0] * 8
        metrics = self.exchange(site, imported=[100] * 24, produced=made)
        late = Metric.objects.create(
            device=metrics["imported"].device, **describe(GRID, "export_energy")._asdict()
        )
        instants = to_micros(MAY) + np.arange(24 * 12 + 1) * 300_000_000
        values = np.interp(
            instants - 900_000_000,
            to_micros(MAY) + np.arange(25) * 3_600_000_000,
            np.cumsum([0, *made]),
        )
        late.expected_interval = 300
        late.save()
        get_store().append(ReadingBatch.of(np.full(instants.size, late.pk), instants, values))
        figure = overview("period=2026-05-01", "consumption_energy")
        assert figure["value"] == pytest.approx(2400)

    def test_coarse_steps_are_no_contradiction(self, overview, site):
        metrics = self.exchange(site, imported=[100] * 24, produced=[250] * 24)
        steps = Metric.objects.create(
            device=metrics["imported"].device, **describe(GRID, "export_energy")._asdict()
        )
        steps.expected_interval = 300
        steps.save()
        instants = to_micros(MAY) + np.arange(24 * 12 + 1) * 300_000_000
        values = 1_000 * (np.arange(instants.size) * 200 / 12 // 1_000)
        get_store().append(ReadingBatch.of(np.full(instants.size, steps.pk), instants, values))
        figure = overview("period=2026-05-01", "consumption_energy")
        assert figure["value"] == pytest.approx(24 * 350 - 4_000)

    def test_import_and_discharge_that_charge_more_than_they_give(self, overview, site):
        self.exchange(
            site, imported=[50] * 24, discharged=[50] * 24, charged=[200] * 24, produced=[0] * 24
        )
        figure = overview("period=2026-05-01", "consumption_energy")
        assert (figure["value"], figure["coverage"]) == (None, 1)


class TestNow:
    def report(self, site, kind, watts, **served):
        metric = equip(site, kind, "active_power")
        if served:
            serve(metric, **served)
        if watts is not None:
            LatestFactory(metric=metric, value=watts, timestamp=NOON)
        return metric.device

    def test_a_new_device_that_never_reported_blanks_nothing(self, overview, site):
        self.report(site, INVERTER, 2_900)
        self.report(site, INVERTER, 3_000)
        turbine = self.report(site, DeviceKind.WIND_TURBINE, None)
        figure = overview("period=now", "production_power")
        assert (figure["value"], figure["partial"], figure["coverage"]) == (5_900, 5_900, 1)
        assert figure["missing"] == [{"device": turbine.pk, "reason": "never_reported"}]

    def test_one_that_should_be_there_leaves_a_part(self, overview, site):
        self.report(site, INVERTER, 2_900)
        self.report(site, INVERTER, 3_000)
        self.report(site, DeviceKind.WIND_TURBINE, None, start=MAY)
        figure = overview("period=now", "production_power")
        assert (figure["value"], figure["partial"], figure["coverage"]) == (None, 5_900, 0.6667)

    @pytest.mark.parametrize("served", [{}, {"start": MAY}])
    @pytest.mark.parametrize("address", ["/sites/{}/", "/sites/"])
    def test_pages_show_the_part_and_name_what_is_missing(
        self, client_for, standard, site, served, address
    ):
        self.report(site, INVERTER, 2_900)
        self.report(site, INVERTER, 3_000)
        device = self.report(site, DeviceKind.WIND_TURBINE, None, **served)
        device.name = "New turbine"
        device.save()
        page = client_for(standard).get(address.format(site.pk)).content.decode()
        link = f'<a class="link" href="/devices/{device.pk}/">New turbine</a>'
        assert f"of 2 of 3 sources: {link} has never reported" in page
        assert "5.90" in page

    @pytest.mark.parametrize("address", ["/sites/{}/", "/sites/"])
    @pytest.mark.parametrize(
        ("count", "said"), [(1, ""), (3, "none of 3 sources is known: "), (15, "none of 15 ")]
    )
    def test_where_nothing_is_known_no_part_is_told(
        self, client_for, standard, site, address, count, said
    ):
        for _ in range(count):
            self.report(site, INVERTER, None, start=MAY)
        page = client_for(standard).get(address.format(site.pk)).content.decode()
        assert "of 0 of" not in page
        assert ("none of" in page) == bool(said)
        assert said in page
        further = f'and <a class="link" href="/devices/?site={site.pk}">12 more</a>'
        assert (further in page) == (count == 15)
        assert page.count("has never reported") <= 3 * 5

    def test_what_is_not_shown_is_no_part_of_anything(self, client_for, standard, site):
        self.report(site, INVERTER, 2_900)
        grid = self.report(site, GRID, None, start=MAY)
        page = client_for(standard).get(f"/sites/{site.pk}/")
        notes = {card.name: card.missing for card in page.context["figures"]}
        assert notes["Consumption"].part == ""
        assert [device for device, _ in notes["Consumption"].missing] == [grid]
        assert "Measured" not in page.context["balance"].shares

    def test_a_sites_page_names_what_a_period_lacks(self, client_for, standard, site):
        run(equip(site, INVERTER, "production_energy"), MAY, 24 * DAYS, 100)
        silent = serve(equip(site, INVERTER, "production_energy"), start=MAY)
        page = client_for(standard).get(f"/sites/{site.pk}/?period=2026-05").content.decode()
        assert "of 1 of 2 sources" in page
        assert f'href="/devices/{silent.pk}/"' in page

    @pytest.mark.parametrize(
        "served", [{"end": NOON - timedelta(days=1)}, {"start": NOON + timedelta(days=1)}]
    )
    def test_one_out_of_service_is_not_expected(self, overview, site, served):
        self.report(site, INVERTER, 2_900)
        self.report(site, INVERTER, 7_777, **served)
        figure = overview("period=now", "production_power")
        assert (figure["value"], figure["missing"]) == (2_900, [])

    def test_contradicting_powers_are_no_negative_consumption(self, overview, site):
        grid, inverter = self.report(site, GRID, -4_000), self.report(site, INVERTER, 2_000)
        figure = overview("period=now", "consumption_power")
        assert (figure["value"], figure["partial"], figure["coverage"]) == (None, None, 1)
        assert figure["missing"] == [
            {"device": device.pk, "reason": "contradiction"} for device in (grid, inverter)
        ]

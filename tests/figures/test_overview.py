"""A Site's overview over HTTP: of now, today, any local day or month, and how it came about."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import time_machine

from devices.kinds import DeviceKind
from figures.formulas import ENERGIES, FLOWS, FORMULAS, POWERS, SHARES
from tests.support.factories import LatestFactory
from tests.support.metering import equip, run, run_hourly

DOCUMENT = Path(__file__).parents[2] / "docs" / "figures.md"
NOON = datetime(2026, 6, 15, 10, tzinfo=UTC)  # in Amsterdam


@pytest.fixture
def at():
    """Sets the clock."""
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller.move_to


@pytest.fixture
def overview(api_client_for, standard, site, at):
    def ask(query=""):
        client = api_client_for(standard)  # whatever the clock says, signed in just now
        response = client.get(f"/api/v1/sites/{site.pk}/overview/?{query}")
        assert response.status_code == 200, response.content
        return response.json()

    return ask


class TestPeriod:
    def test_without_one_all_figures_are_there(self, overview, device):
        assert overview().keys() == FORMULAS.keys()

    def test_now_has_the_powers(self, overview, device):
        LatestFactory(metric=device.metrics.get(), value=1_500, timestamp=NOON)
        answer = overview("period=now")
        assert answer.keys() == POWERS.keys()
        assert answer["consumption_power"]["value"] == 1_500

    def test_today_has_the_energies_up_to_now(self, overview, site):
        meter = equip(site, DeviceKind.LOAD_METER, "consumption_energy")
        run(meter, NOON - timedelta(hours=40), 40, 60)
        answer = overview("period=today")
        assert answer.keys() == (ENERGIES | FLOWS | SHARES).keys()
        assert answer["consumption_energy"]["value"] == pytest.approx(12 * 60)

    def test_a_day_is_the_sites_own(self, overview, site):
        meter = equip(site, DeviceKind.LOAD_METER, "consumption_energy")
        run(meter, datetime(2026, 5, 31, 22, tzinfo=UTC), 24, 60)
        assert overview("period=2026-06-01")["consumption_energy"]["value"] == pytest.approx(1_440)
        assert overview("period=2026-05-31")["consumption_energy"]["value"] is None

    @pytest.mark.parametrize(("day", "hours"), [("2026-03-29", 23), ("2026-10-25", 25)])
    def test_a_day_of_changing_clocks_has_23_or_25_hours(self, overview, site, at, day, hours):
        at(datetime(2026, 11, 1, tzinfo=UTC))
        meter = equip(site, DeviceKind.LOAD_METER, "consumption_energy")
        run(meter, datetime.fromisoformat(f"{day}T00:00Z") - timedelta(hours=30), 80, 60)
        figure = overview(f"period={day}")["consumption_energy"]
        assert figure["value"] == pytest.approx(hours * 60)
        assert figure["coverage"] == 1

    def test_the_days_of_a_month_add_up_to_the_month(self, overview, site):
        meter = equip(site, DeviceKind.GRID_METER, "import_energy")
        run(meter, datetime(2026, 3, 30, tzinfo=UTC), 24 * 34, 60)
        month = overview("period=2026-04")["grid_import_energy"]["value"]
        days = [overview(f"period=2026-04-{day:02}") for day in range(1, 31)]
        assert month == pytest.approx(30 * 24 * 60)
        assert sum(day["grid_import_energy"]["value"] for day in days) == pytest.approx(month)

    @pytest.mark.parametrize(
        ("week", "monday", "hours"),
        [
            ("2026-W13", "2026-03-23", 167),
            ("2026-W43", "2026-10-19", 169),
            ("2026-W23", "2026-06-01", 168),
            ("2026-W01", "2025-12-29", 168),  # a week of the year before
            ("2026-W53", "2026-12-28", 168),  # and one of the year behind
            ("2020-W53", "2020-12-28", 168),
        ],
    )
    def test_a_week_is_the_sites_own_from_monday_on(self, overview, site, at, week, monday, hours):
        at(datetime(2027, 2, 1, tzinfo=UTC))
        meter = equip(site, DeviceKind.LOAD_METER, "consumption_energy")
        begin = datetime.fromisoformat(f"{monday}T00:00Z") - timedelta(hours=2)
        run(meter, begin - timedelta(hours=24), 24 * 9, 60)
        figure = overview(f"period={week}")["consumption_energy"]
        assert figure["value"] == pytest.approx(hours * 60)
        assert figure["coverage"] == 1

    @pytest.mark.parametrize(("year", "days"), [(2025, 365), (2024, 366)])
    def test_a_year_has_all_its_hours_and_is_what_its_months_are(self, overview, site, year, days):
        meter = equip(site, DeviceKind.LOAD_METER, "consumption_energy")
        run_hourly(meter, datetime(year - 1, 12, 30, tzinfo=UTC), 24 * 369, 60)
        figure = overview(f"period={year}")["consumption_energy"]
        assert figure["value"] == pytest.approx(days * 24 * 60)
        assert figure["coverage"] == 1
        months = [overview(f"period={year}-{month:02}") for month in range(1, 13)]
        parts = [month["consumption_energy"]["value"] for month in months]
        assert sum(parts) == pytest.approx(figure["value"])

    def test_the_year_under_way_is_what_has_passed_of_it(self, overview, site):
        meter = equip(site, DeviceKind.LOAD_METER, "consumption_energy")
        run_hourly(meter, datetime(2025, 12, 30, tzinfo=UTC), 24 * 200, 60)
        hours = (NOON - datetime(2025, 12, 31, 23, tzinfo=UTC)).total_seconds() / 3600
        assert overview("period=2026")["consumption_energy"]["value"] == pytest.approx(hours * 60)

    def test_a_counter_that_was_reset_counted_from_zero(self, overview, site):
        meter = equip(site, DeviceKind.LOAD_METER, "consumption_energy")
        start = datetime(2026, 5, 31, 22, tzinfo=UTC)
        run(meter, start, 12, 60)
        run(meter, start + timedelta(hours=12), 12, 60)
        value = overview("period=2026-06-01")["consumption_energy"]["value"]
        assert value == pytest.approx(715 + 1_000 + 720)  # the second run begins at 1,000

    def test_a_day_with_too_many_gaps_has_no_figure(self, overview, site):
        meter = equip(site, DeviceKind.LOAD_METER, "consumption_energy")
        run(meter, datetime(2026, 5, 31, 22, tzinfo=UTC), 18, 60)
        figure = overview("period=2026-06-01")["consumption_energy"]
        assert figure["value"] is None
        assert 0.75 <= figure["coverage"] < 0.8

    def test_a_day_to_come_has_no_figures(self, overview, device):
        answer = overview("period=2026-06-16")
        assert {figure["value"] for figure in answer.values()} == {None}

    @pytest.mark.parametrize(
        "period",
        [
            *["", "yesterday", "26", "2026-13", "2026-02-30", "2026-6-1", "0000-01", "9999-12-31"],
            *[
                "0000",
                "9999",
                "2026-W00",
                "2026-W54",
                "2025-W53",
                "2026-w01",
                "2026W01",
                "9999-W52",
            ],
        ],
    )
    def test_what_is_no_period_is_named(self, api_client_for, standard, site, period):
        client = api_client_for(standard)
        response = client.get(f"/api/v1/sites/{site.pk}/overview/?period={period}")
        assert response.status_code == 400
        assert response.json()["errors"][0]["field"] == "period"


class TestFlows:
    @pytest.fixture
    def exchange(self, site):
        """Runs the counters of a Site with PV and a battery through 1 June."""
        keys = {
            "imported": (DeviceKind.GRID_METER, "import_energy"),
            "produced": (DeviceKind.INVERTER, "production_energy"),
            "charged": (DeviceKind.BATTERY, "charge_energy"),
            "discharged": (DeviceKind.BATTERY, "discharge_energy"),
        }

        def run_all(**powers):
            for name, power in powers.items():
                metric = equip(site, *keys[name])
                run(metric, datetime(2026, 5, 31, 22, tzinfo=UTC), 24, power)

        return run_all

    def test_energy_is_split_by_where_it_came_from_and_went(self, overview, exchange):
        exchange(imported=50, produced=100, charged=30, discharged=0)
        answer = overview("period=2026-06-01")
        flows = {name: round(answer[name]["value"] / 24) for name in FLOWS}
        assert flows == {
            "production_to_consumption_energy": 100,
            "production_to_storage_energy": 0,
            "production_to_grid_energy": 0,
            "grid_to_consumption_energy": 20,
            "grid_to_storage_energy": 30,
            "storage_to_consumption_energy": 0,
            "storage_to_grid_energy": 0,
        }
        # 20 of the 120 that were consumed came from the grid.
        assert answer["autarky"]["value"] == pytest.approx(100 * 100 / 120)

    def test_without_a_battery_nothing_flows_through_it_unknown_not_zero(self, overview, exchange):
        exchange(imported=50, produced=100)
        answer = overview("period=2026-06-01")
        assert answer["storage_to_consumption_energy"]["value"] is None
        assert answer["production_to_consumption_energy"]["value"] == pytest.approx(2_400)

    def test_without_a_grid_meter_no_flow_is_known(self, overview, exchange):
        exchange(produced=100)
        answer = overview("period=2026-06-01")
        assert {answer[name]["value"] for name in FLOWS | SHARES} == {None}


class TestExplain:
    def test_each_figure_says_where_it_comes_from(self, overview, site):
        grid = equip(site, DeviceKind.GRID_METER, "import_energy")
        solar = equip(site, DeviceKind.INVERTER, "production_energy")
        answer = overview("period=today&explain=true")
        assert answer["consumption_energy"]["explain"] == {
            "inputs": [grid.pk, solar.pk],
            "formula": FORMULAS["consumption_energy"],
            "coverage": 0,
            "documentation": "http://testserver/figures/#consumption_energy",
        }
        assert answer["production_energy"]["explain"]["inputs"] == [solar.pk]

    def test_nothing_is_explained_unasked(self, overview, device):
        assert "explain" not in overview()["autarky"]

    def test_every_link_leads_to_a_formula(self, overview, client_for, standard, device):
        page = client_for(standard).get("/figures/").content.decode()
        for figure in overview("explain=true").values():
            anchor = figure["explain"]["documentation"].partition("#")[2]
            assert f'id="{anchor}"' in page

    def test_the_document_has_every_formula(self):
        text = DOCUMENT.read_text()
        for name, formula in FORMULAS.items():
            assert f"| `{name}` | {formula} |" in text

    def test_a_sites_page_leads_to_the_guide(self, client_for, standard, site):
        assert 'href="/figures/"' in client_for(standard).get(f"/sites/{site.pk}/").content.decode()

"""The page of a Site says where the energy of a day or month came from and where it went."""

from datetime import UTC, datetime

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from devices.kinds import DeviceKind
from tests.support.factories import DeviceFactory
from tests.support.metering import equip, run

NOON = datetime(2026, 6, 15, 10, tzinfo=UTC)  # in Amsterdam
FIRST_OF_JUNE = datetime(2026, 5, 31, 22, tzinfo=UTC)  # its midnight


@pytest.fixture
def site_page(client_for, standard, site):
    """The page of the Site at NOON."""
    with time_machine.travel(NOON, tick=False):
        client = client_for(standard)
        yield lambda query="": client.get(f"/sites/{site.pk}/{query}")


@pytest.fixture
def metered(site):
    """On 1 June 400 W are produced and 600 W imported, in Amsterdam's day; later nothing."""
    run(equip(site, DeviceKind.INVERTER, "production_energy"), FIRST_OF_JUNE, 24, 400)
    run(equip(site, DeviceKind.GRID_METER, "import_energy"), FIRST_OF_JUNE, 24, 600)


def shown(response):
    """The rows as (source, kWh to each use, kWh in all)."""
    balance = response.context["balance"]
    return [
        (row.name, *(value and round(value / 1000, 1) for value in (*row.values, row.total)))
        for row in balance.rows
    ]


def test_a_day_is_the_sites_own_and_says_what_came_from_where(site_page, metered):
    response = site_page("?period=2026-06-01")

    assert shown(response) == [
        ("Generation", 9.6, None, 0.0, 9.6),
        ("Grid", 14.4, None, None, 14.4),
        ("Battery", None, None, None, None),
    ]
    assert "Energy of 1 June 2026" in response.content.decode()


def test_it_says_how_self_sufficient_the_site_was_and_how_much_was_measured(site_page, metered):
    shares = site_page("?period=2026-06-01").context["balance"].shares

    assert shares == pytest.approx(
        {"Self-sufficiency": 40, "Self-consumption": 100, "Measured": 100}
    )


def test_what_nothing_measures_is_not_measured_in_part(site_page, site):
    run(equip(site, DeviceKind.INVERTER, "production_energy"), FIRST_OF_JUNE, 24, 400)
    balance = site_page("?period=2026-06-01").context["balance"]
    assert list(balance.shares) == ["Self-sufficiency", "Self-consumption"]


def test_without_a_period_it_is_today(site_page, site):
    midnight = datetime(2026, 6, 14, 22, tzinfo=UTC)
    run(equip(site, DeviceKind.GRID_METER, "import_energy"), midnight, 12, 600)

    response = site_page()

    assert shown(response)[1] == ("Grid", 7.2, None, None, 7.2)
    assert "Energy today" in response.content.decode()


def test_a_month_that_is_mostly_unknown_has_nothing_to_show(site_page, metered):
    text = site_page("?period=2026-06").content.decode()

    assert "Energy of June 2026" in text
    assert "Nothing is known of this period" in text


@pytest.mark.parametrize("asked", ["now", "today", "2026-06-15"])
def test_today_has_several_names(site_page, metered, asked):
    assert "Energy today" in site_page(f"?period={asked}").content.decode()


@pytest.mark.parametrize("asked", ["yesterday", "2026-13", "2026-02-30", "1066-10-14"])
def test_a_period_that_does_not_exist_is_an_error_of_the_form(site_page, metered, asked):
    response = site_page(f"?period={asked}")

    assert response.status_code == 400
    text = response.content.decode()
    assert 'aria-invalid="true"' in text
    assert "a month such as 2026-06 or a year such as 2026." in text


def test_links_lead_to_the_periods_people_ask_for_most(site_page, metered):
    periods = site_page("?period=2026-06-14").context["balance"].periods

    assert list(periods) == [
        ("Today", "", False),
        ("Yesterday", "2026-06-14", True),
        ("This week", "2026-W25", False),
        ("This month", "2026-06", False),
        ("Last month", "2026-05", False),
        ("This year", "2026", False),
    ]


@pytest.mark.parametrize(
    ("period", "heading"), [("2026-W23", "week 23 of 2026"), ("2026", "2026"), ("2025", "2025")]
)
def test_a_week_and_a_year_have_a_page_too(site_page, metered, period, heading):
    response = site_page(f"?period={period}")

    assert response.status_code == 200
    assert f"Energy of {heading}" in response.content.decode()


def test_searching_devices_keeps_the_period(site_page, metered):
    text = site_page("?period=2026-06-01").content.decode()

    assert '<input type="hidden" name="period" value="2026-06-01">' in text


def test_a_period_takes_as_many_queries_however_many_devices(site_page, site):
    taken = []
    for count in (1, 2, 27):
        DeviceFactory.create_batch(count, site=site)
        with CaptureQueriesContext(connection) as queries:
            assert site_page("?period=2026-06-01").status_code == 200
        taken.append(len(queries))
    # Those of the page, and those of a second period; of many Metrics the first of them asks how
    # much there is. Of each period, five ask when what was silent in it was read first.
    assert max(taken) <= 33

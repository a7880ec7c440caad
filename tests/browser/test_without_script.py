"""Everything that matters works without JavaScript."""

import pytest
from playwright.sync_api import expect

from devices.models import Device
from ingest.importing import views
from ingest.importing.progress import run_import
from subscriptions.models import Subscription
from tests.browser.conftest import LOGGED, sign_in


@pytest.fixture
def page(open_browser, fleet):
    """The pages as the technician, in a browser that runs no script."""
    return sign_in(open_browser(script=False), "tess")


def test_signing_in_and_out(page):
    expect(page.get_by_role("heading", name="Sites")).to_be_visible()

    page.get_by_label("Account menu of tess").click()
    page.get_by_role("button", name="Sign out").click()

    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_sites_are_found_filtered_and_sorted(page):
    page.get_by_placeholder("Name, address or description").fill("harb")
    page.get_by_label("Device kind").select_option("Battery")
    page.get_by_role("button", name="Search").click()
    expect(page.get_by_role("link", name="Harbour depot")).to_be_visible()

    page.get_by_role("columnheader", name="Devices").get_by_role("link").click()

    assert "search=harb&state=&kind=battery&ordering=-device_count" in page.url


def test_a_device_is_added_edited_and_deleted(page):
    page.get_by_role("link", name="Harbour depot").click()
    page.get_by_role("link", name="Add device").click()
    page.get_by_label("Name").fill("Heat pump hall B")
    page.get_by_label("Kind").select_option("Heat pump")
    expect(page.get_by_label("Thermal power (W)")).to_be_visible()
    expect(page.get_by_label("State of charge (%)")).to_be_hidden()
    page.get_by_label("Thermal power (W)").check()
    page.get_by_role("button", name="Add device").click()
    expect(page.get_by_text("“Heat pump hall B” was added to Harbour depot.")).to_be_visible()
    added = Device.objects.get(name="Heat pump hall B")
    assert set(added.metrics.values_list("key", flat=True)) == {"active_power", "thermal_power"}

    page.get_by_role("link", name="Edit device").click()
    page.get_by_label("Name").fill("Heat pump hall C")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="Heat pump hall C")).to_be_visible()

    page.get_by_role("link", name="Delete").click()
    page.get_by_role("button", name="Delete device").click()
    expect(page.get_by_text("“Heat pump hall C” was deleted")).to_be_visible()
    assert not Device.objects.filter(pk=added.pk).exists()


def test_metrics_are_picked_by_searching(page, fleet):
    page.goto("/subscriptions/add/")
    page.get_by_label("Name").fill("Battery watch")
    page.get_by_label("Find metrics").fill("charge")
    page.get_by_role("button", name="Find").click()
    page.get_by_label("State of charge (%)").check()
    page.get_by_label("Find metrics").fill("active")
    page.get_by_role("button", name="Find").click()
    page.get_by_role("group", name="Battery rack 1").get_by_label("Active power (W)").check()
    page.get_by_role("button", name="Save subscription").click()

    expect(page.get_by_text("“Battery watch” was saved.")).to_be_visible()
    saved = Subscription.objects.get(name="Battery watch")
    assert set(saved.metrics.values_list("key", flat=True)) == {"state_of_charge", "active_power"}


def test_history_is_a_table_with_ranges_and_pages(page, fleet):
    page.goto(f"/metrics/{fleet.power.pk}/")
    expect(page.get_by_text("The chart needs a script.")).to_be_visible()
    page.get_by_role("link", name="6 h", exact=True).click()
    assert "range=6h" in page.url
    rows = page.get_by_role("region", name="Values").locator("tbody tr")
    expect(rows).to_have_count(25)

    page.get_by_role("link", name="Next").click()

    assert "range=6h&page=2" in page.url
    page.get_by_text("Another range, resolution or time zone").click()
    page.get_by_label("Resolution").select_option("1 hour")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_text("mean of every hour").first).to_be_visible()


def test_the_theme_is_switched(page):
    page.get_by_role("button", name="Switch to the dark theme").click()

    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.get_by_role("button", name="Switch to the light theme").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "light")


def test_a_token_is_created_and_revoked(page):
    page.goto("/account/tokens/")
    page.get_by_role("link", name="New token").first.click()
    page.get_by_label("Name").fill("Telegraf")
    page.get_by_role("button", name="Make token").click()
    expect(page.get_by_text("“Telegraf” is ready. Copy it now")).to_be_visible()

    page.get_by_role("link", name="Done").click()
    page.get_by_role("button", name="Revoke Telegraf").click()

    expect(page.get_by_text("The token “Telegraf” was revoked.")).to_be_visible()


def test_a_name_from_outside_is_accepted_once_the_result_was_said(page, fleet):
    page.get_by_role("link", name="Names").click()
    page.get_by_role("link", name="Accept sensor.solar_power/value").click()
    page.get_by_label("Device", exact=True).select_option("Battery rack 1")
    page.get_by_role("button", name="Show what it does").click()
    expect(page.get_by_text("2.50 kW becomes 2.50 kW.")).to_be_visible()
    assert fleet.battery.metrics.count() == 2

    page.get_by_role("button", name="Accept", exact=True).click()

    expect(page.get_by_text("2 readings were stored.")).to_be_visible()
    assert fleet.battery.metrics.get(key="solar_power").unit == "W"
    page.get_by_role("button", name="Ignore quay/heatpump/power").click()
    expect(page.get_by_text("Every name has a metric")).to_be_visible()


def test_a_file_is_brought_corrected_and_imported(page, fleet, monkeypatch):
    # The worker, which runs in another process elsewhere, does its work when it is given it.
    monkeypatch.setattr(views, "run_import", run_import)
    page.goto(f"/devices/{fleet.battery.pk}/")
    page.get_by_role("link", name="Import", exact=True).click()
    logged = {"name": "logger.csv", "mimeType": "text/csv", "buffer": LOGGED.encode()}
    page.get_by_label("File", exact=True).set_input_files(logged)
    page.get_by_role("button", name="Read the file").click()
    expect(page.get_by_text("An hour occurs twice")).to_be_visible()
    rows = page.get_by_role("region", name="First rows").locator("tbody tr")
    expect(rows.nth(0)).to_contain_text("UTC+02:00")
    expect(rows.nth(2)).to_contain_text("UTC+01:00")

    page.get_by_label("Unit of Power (kW)").fill("W")
    page.get_by_role("button", name="Import 7 readings").click()
    expect(page.get_by_text("The file was read again as you said.")).to_be_visible()
    expect(rows.nth(2)).to_contain_text("−12.5")
    page.get_by_role("button", name="Import 7 readings").click()

    expect(page.get_by_role("heading", name="7 readings stored")).to_be_visible()
    refused = page.get_by_role("row").filter(has_text="#REF!")
    expect(refused).to_contain_text("Not a number")

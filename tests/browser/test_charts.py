"""Charts: drawn from the API, readable by keyboard, honest when something fails."""

import re

from tests.browser.conftest import sign_in


def pixels(page):
    """How many pixels of the chart's canvas are painted."""
    return page.locator("#chart canvas").evaluate(
        "canvas => canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height)"
        ".data.filter((value, index) => index % 4 === 3 && value > 0).length"
    )


def test_a_chart_is_drawn_and_read_by_arrow_keys(open_browser, fleet):
    page = sign_in(open_browser(), "tess")
    page.goto(f"/metrics/{fleet.power.pk}/")
    page.locator("#chart canvas").wait_for()
    assert pixels(page) > 2_000

    chart = page.locator("#chart")
    chart.focus()
    chart.press("End")
    chart.press("ArrowLeft")

    said = page.locator("[data-live-of=chart]").inner_text()
    assert re.fullmatch(r"\d+ \w+ 2\d{3}, [\d:]{8}: Active power \d+\.\d+\s+kW charging", said)


def test_the_dashboard_draws_all_metrics_and_hides_them_one_by_one(open_browser, fleet):
    page = sign_in(open_browser(), "tess")
    page.goto(f"/subscriptions/{fleet.subscription.pk}/")
    page.locator("#chart canvas").wait_for()
    both = pixels(page)

    page.get_by_role("checkbox").first.uncheck()

    assert 0 < pixels(page) < both


def test_the_values_under_the_pointer_are_beside_the_names(open_browser, fleet):
    page = sign_in(open_browser(), "tess")
    page.goto(f"/subscriptions/{fleet.subscription.pk}/")
    page.locator("#chart canvas").wait_for()
    cell = page.locator("[data-at-cursor]").first
    assert cell.text_content() == "–"

    page.locator("#chart .u-over").hover()

    assert re.fullmatch(r"\d+\.\d+\s+%", cell.text_content())


def test_history_that_cannot_be_loaded_says_so_and_is_tried_again(open_browser, fleet):
    page = sign_in(open_browser(), "tess")
    page.route("**/timeseries/**", lambda route: route.abort())
    page.goto(f"/metrics/{fleet.power.pk}/")
    page.get_by_text("History could not be loaded.").wait_for()

    page.unroute("**/timeseries/**")
    page.get_by_role("button", name="Try again").click()

    page.locator("#chart canvas").wait_for()


def test_a_chart_follows_the_theme(open_browser, fleet):
    page = sign_in(open_browser(), "tess")
    page.goto(f"/metrics/{fleet.power.pk}/")
    page.locator("#chart canvas").wait_for()
    before = page.locator("#chart").screenshot()

    page.emulate_media(color_scheme="dark")

    page.wait_for_function("matchMedia('(prefers-color-scheme: dark)').matches")
    assert page.locator("#chart").screenshot() != before

"""Charts: drawn from the page or the API, readable by keyboard, honest when something fails."""

import re

import pytest

from tests.browser.conftest import sign_in


@pytest.fixture
def many(monkeypatch):
    """Charts have too many values for the page: they are fetched."""
    monkeypatch.setattr("timeseries.panel.MAX_NUMBERS_IN_PAGE", 0)


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


def test_a_chart_has_its_values_from_the_page(open_browser, fleet):
    page = sign_in(open_browser(), "tess")
    page.route("**/timeseries/**", lambda route: route.abort())

    page.goto(f"/metrics/{fleet.power.pk}/")

    page.locator("#chart canvas").wait_for()
    assert pixels(page) > 2_000


def test_a_chart_of_many_values_looks_the_same(open_browser, fleet, monkeypatch):
    page = sign_in(open_browser(), "tess")
    shown = []
    for limit in (20_000, 0):
        monkeypatch.setattr("timeseries.panel.MAX_NUMBERS_IN_PAGE", limit)
        page.goto(f"/subscriptions/{fleet.subscription.pk}/")
        page.locator("#chart canvas").wait_for()
        shown.append(pixels(page))

    assert shown[0] == pytest.approx(shown[1], rel=0.02)


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


def test_history_that_cannot_be_loaded_says_so_and_is_tried_again(open_browser, fleet, many):
    page = sign_in(open_browser(), "tess")
    page.route("**/timeseries/**", lambda route: route.abort())
    page.goto(f"/metrics/{fleet.power.pk}/")
    page.get_by_text("History could not be loaded.").wait_for()

    page.unroute("**/timeseries/**")
    page.get_by_role("button", name="Try again").click()

    page.locator("#chart canvas").wait_for()


@pytest.mark.parametrize(
    ("status", "body", "text"),
    [
        (503, '{"detail": "History is away for a moment."}', "History is away for a moment."),
        (502, "<html>", "The server failed (502): try again shortly."),
        (401, '{"detail": "No."}', "You are signed out: load the page again."),
    ],
)
def test_an_answer_that_failed_says_what_to_do(open_browser, fleet, many, status, body, text):
    page = sign_in(open_browser(), "tess")
    page.route("**/timeseries/**", lambda route: route.fulfill(status=status, body=body))

    page.goto(f"/metrics/{fleet.power.pk}/")

    page.get_by_text(f"History could not be loaded. {text}").wait_for()
    assert page.get_by_role("button", name="Try again").is_visible()


def test_a_fault_of_the_charts_own_is_told_from_an_answer_that_failed(open_browser, fleet):
    page = sign_in(open_browser(), "tess")
    errors = []
    page.on("console", lambda message: errors.append(message.text))
    page.add_init_script("HTMLCanvasElement.prototype.getContext = () => null")

    page.goto(f"/metrics/{fleet.power.pk}/")

    page.get_by_text("The chart could not be drawn. The same values are in the table.").wait_for()
    assert page.get_by_role("button", name="Try again").count() == 0
    assert any("TypeError" in text for text in errors)


def test_a_chart_follows_the_theme(open_browser, fleet):
    page = sign_in(open_browser(), "tess")
    page.goto(f"/metrics/{fleet.power.pk}/")
    page.locator("#chart canvas").wait_for()
    before = page.locator("#chart").screenshot()

    page.emulate_media(color_scheme="dark")

    page.wait_for_function("matchMedia('(prefers-color-scheme: dark)').matches")
    assert page.locator("#chart").screenshot() != before

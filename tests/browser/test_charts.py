"""Charts: drawn from the page or the API, readable by keyboard, honest when something fails."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from tests.browser.conftest import PHONE, WIDE, sign_in
from tests.support.readings import store

# Amsterdam's clocks showed 02:00 at midnight UTC and again an hour later.
TWICE = datetime(2025, 10, 26, 0, tzinfo=UTC)
# Notes what is written on a canvas, and where it ends as a share of the canvas's width.
WRITTEN = """
  window.written = [];
  const write = CanvasRenderingContext2D.prototype.fillText;
  CanvasRenderingContext2D.prototype.fillText = function (text, x, ...rest) {
    const width = this.measureText(text).width;
    const behind = { right: 0, end: 0, center: width / 2 }[this.textAlign] ?? width;
    window.written.push([text, (x + behind) / this.canvas.width]);
    return write.call(this, text, x, ...rest);
  };
"""
# How many pixels of the canvas have about the colour of the series.
IN_COLOUR = """canvas => {
  const swatch = document.querySelector("[data-legend-of=chart] .swatch");
  const colour = getComputedStyle(swatch).backgroundColor.match(/\\d+/g).map(Number);
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  let count = 0;
  for (let at = 0; at < data.length; at += 4)
    count += data[at + 3] > 99 && colour.every((part, i) => Math.abs(data[at + i] - part) < 9);
  return count;
}"""


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


@pytest.mark.parametrize("viewport", [WIDE, PHONE])
def test_the_axis_tells_the_two_hours_apart_that_clocks_show_twice(open_browser, fleet, viewport):
    store(fleet.power, {TWICE + timedelta(minutes=10 * n): float(n) for n in range(-12, 24)})
    page = sign_in(open_browser(viewport=viewport), "tess")
    page.add_init_script(WRITTEN)
    page.goto(
        f"/metrics/{fleet.power.pk}/?start=2025-10-26T00:00&end=2025-10-26T05:00&resolution=30m"
    )
    page.locator("#chart canvas").wait_for()

    texts = {text for text, _ in page.evaluate("written")}
    twice = {"02:00 +2", "02:00 +1"} if viewport is WIDE else {"02:00 +2"}  # there a tick in 2 h
    assert twice <= texts
    assert {"02:00", "04:00 +1"}.isdisjoint(texts)

    chart = page.locator("#chart")
    chart.focus()
    said = page.locator("[data-live-of=chart]")
    heard = set()
    for _ in range(12):
        chart.press("ArrowLeft")
        heard.add(said.inner_text().partition(": ")[0])
    assert {f"26 Oct 2025, 02:30:00 (UTC{offset})" for offset in ("+2", "+1")} <= heard
    assert "26 Oct 2025, 01:30:00" in heard


@pytest.mark.parametrize("viewport", [WIDE, PHONE])
@pytest.mark.parametrize("window", ["start=2025-10-26T00:00&end=2025-10-26T04:01", "range=30d"])
def test_no_label_of_an_axis_is_cut(open_browser, fleet, viewport, window):
    store(fleet.power, {TWICE + timedelta(minutes=10 * n): float(n) for n in range(-12, 24)})
    page = sign_in(open_browser(viewport=viewport), "tess")
    page.add_init_script(WRITTEN)
    page.goto(f"/metrics/{fleet.power.pk}/?{window}")
    page.locator("#chart canvas").wait_for()

    written = page.evaluate("written")
    assert len(written) > 5
    assert [text for text, end in written if end > 1] == []


@pytest.mark.parametrize("length", ["6h", "24h"])
def test_a_single_value_has_a_mark(open_browser, fleet, length):
    hours = int(length.removesuffix("h"))
    store(fleet.power, {TWICE: 5_000.0})
    page = sign_in(open_browser(), "tess")
    start = TWICE - timedelta(hours=hours / 2)
    window = "&".join(
        f"{name}={at.isoformat().replace('+00:00', 'Z')}"
        for name, at in (("start", start), ("end", start + timedelta(hours=hours)))
    )
    page.goto(f"/metrics/{fleet.power.pk}/?{window}&resolution=5m")
    page.locator("#chart canvas").wait_for()

    assert page.locator("#chart canvas").evaluate(IN_COLOUR) > 8

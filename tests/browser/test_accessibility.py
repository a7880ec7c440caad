"""Every page, in both themes and at both widths: no violation, no overflow, no error."""

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.browser.conftest import PHONE, WIDE, sign_in


def violations(page):
    """What axe finds, in one line each."""
    return [
        f"{one['id']}: {node['html'][:160]}"
        for one in Axe().run(page).response["violations"]
        for node in one["nodes"]
    ]


@pytest.mark.parametrize("viewport", [WIDE, PHONE], ids=["wide", "phone"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_page_is_accessible_and_fits(open_browser, fleet, theme, viewport):
    context = open_browser(theme=theme, viewport=viewport)
    page = context.new_page()
    page.goto("/login/")
    found = {"login": violations(page)}
    page = sign_in(context, "tess")
    for name, address in fleet.addresses().items():
        page.goto(address)
        found[name] = violations(page)
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            found[name].append("wider than the screen")

    assert {name: wrong for name, wrong in found.items() if wrong} == {}


def test_no_page_breaks_its_own_content_security_policy(open_browser, fleet):
    page = sign_in(open_browser(), "tess")
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on(
        "console",
        lambda message: (
            complaints.append(message.text)
            if message.type == "error" and "status of 40" not in message.text
            else None
        ),
    )
    api = ["/api/v1/", "/api/v1/sites/", f"/api/v1/devices/{fleet.battery.pk}/", "/api/docs/"]
    for address in [*fleet.addresses().values(), *api]:
        page.goto(address)
        if page.locator("[data-chart]").count():
            page.locator("#chart canvas").wait_for()

    assert complaints == []


def test_the_keyboard_reaches_everything_and_shows_where_it_is(open_browser, fleet):
    page = sign_in(open_browser(), "tess")
    page.goto("/sites/")

    page.keyboard.press("Tab")
    skip = page.locator(":focus")
    assert skip.inner_text() == "Skip to content"
    assert skip.bounding_box()["y"] >= 0
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    focused = page.locator(":focus")
    assert focused.get_attribute("name") == "search"
    assert focused.evaluate("el => getComputedStyle(el).outlineStyle") == "solid"


def test_the_delete_page_starts_on_the_safe_choice(open_browser, fleet):
    page = sign_in(open_browser(), "tess")

    page.goto(f"/devices/{fleet.battery.pk}/delete/")

    assert page.locator(":focus").inner_text() == "Keep device"

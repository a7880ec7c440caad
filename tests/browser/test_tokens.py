"""The pages of API tokens: accessible in every state, with a script and without."""

from datetime import timedelta

import pytest

from accounts.models import ApiToken
from tests.browser.conftest import PHONE, WIDE, sign_in
from tests.browser.test_accessibility import violations


@pytest.fixture
def tokens(fleet, technician):
    """One token in each state."""
    for name, scope, days in (
        ("Old logger", "ingest", -1),
        ("Wall display", "read", 5),
        ("Monthly report", "full", 60),
    ):
        ApiToken.objects.create(
            user=technician, name=name, scope=scope, expiry=timedelta(days=days)
        )
    ApiToken.objects.create(user=technician, name="Gateway", scope="ingest", site=fleet.site)


@pytest.mark.parametrize("viewport", [WIDE, PHONE], ids=["wide", "phone"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_state_of_the_token_pages_is_accessible_and_fits(
    open_browser, tokens, theme, viewport
):
    page = sign_in(open_browser(theme=theme, viewport=viewport), "tess")
    found = {}

    def check(name):
        found[name] = violations(page)
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            found[name].append("wider than the screen")

    page.goto("/account/tokens/")
    check("list")
    page.get_by_role("link", name="Renew Wall display").click()
    check("renew")
    page.goto("/account/tokens/add/")
    page.get_by_role("button", name="Make token").click()
    check("form with an error")
    page.get_by_label("Name").fill("Telegraf, panel E2")
    page.get_by_role("button", name="Make token").click()
    page.get_by_text("is ready").wait_for()
    check("made")

    assert {name: wrong for name, wrong in found.items() if wrong} == {}


def test_the_secret_is_copied(open_browser, fleet):
    context = open_browser()
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = sign_in(context, "tess")
    page.goto("/account/tokens/add/")
    page.get_by_label("Name").fill("Telegraf, panel E2")
    page.get_by_role("button", name="Make token").click()

    page.get_by_role("button", name="Copy the token").click()

    page.get_by_role("button", name="Copied the token").wait_for()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == page.locator("#secret").inner_text()
    assert copied.startswith("ems_")


def test_a_token_is_made_without_a_script(open_browser, fleet):
    page = sign_in(open_browser(script=False), "tess")
    page.goto("/account/tokens/add/")
    page.get_by_label("Name").fill("Telegraf, panel E2")
    page.get_by_role("button", name="Make token").click()

    assert page.locator("#secret").inner_text().startswith("ems_")
    assert not page.get_by_role("button", name="Copy").is_visible()

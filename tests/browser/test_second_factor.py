"""The pages of two-factor sign-in and single sign-on, without script and in both themes."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from accounts.models import User
from tests.browser.conftest import PHONE, WIDE, sign_in
from tests.browser.test_accessibility import violations
from tests.support.codes import code_of, set_up
from tests.support.factories import PASSWORD
from tests.support.openid import Provider, running_provider
from tests.support.processes import free_port


@pytest.fixture
def tess(transactional_db: None, technician: User) -> User:
    """A technician, whose address an administrator wrote down."""
    technician.email = "tess@example.com"
    technician.save()
    return technician


def test_without_script_it_is_turned_on_used_and_turned_off(open_browser: Any, tess: User) -> None:
    page = sign_in(open_browser(script=False), "tess")
    page.get_by_label("Account menu of tess").click()
    page.get_by_role("link", name="Account").click()
    page.get_by_role("link", name="Two-factor sign-in").click()
    secret = page.locator(".secret").inner_text()
    page.get_by_label("Code").fill(code_of(secret, -1))
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Turn on").click()
    codes = page.locator(".secret").inner_text().split()
    with page.expect_download() as begun:
        page.get_by_role("link", name="Download").click()
    assert begun.value.suggested_filename == "ems-recovery-codes.txt"
    assert Path(begun.value.path()).read_text().split() == codes
    page.get_by_role("link", name="I have kept them").click()
    expect(page.get_by_text("Two-factor sign-in is on")).to_be_visible()
    page.get_by_role("main").get_by_role("button", name="Sign out").click()

    page.get_by_label("Username").fill("tess")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Enter a code")).to_be_visible()
    page.get_by_label("Code").fill(code_of(secret))
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Sites", exact=True)).to_be_visible()

    page.goto("/account/two-factor/")
    page.get_by_role("link", name="Turn off").click()
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Turn it off").click()
    expect(page.get_by_text("Two-factor sign-in is off.")).to_be_visible()


def test_without_script_somebody_signs_in_with_the_provider(
    open_browser: Any, tess: User, settings: Any
) -> None:
    with running_provider() as address:
        provider = Provider(address, settings)
        provider.configure()
        provider.knows("t-1", email="tess@example.com", email_verified=True)
        page = open_browser(script=False).new_page()
        page.goto("/devices/")
        page.get_by_role("link", name="Sign in with Acme Login").click()
        page.locator("[name=sub]").fill("t-1")
        page.get_by_role("button", name="Authorize").click()
        expect(page.get_by_role("heading", name="Devices", exact=True)).to_be_visible()


@pytest.mark.parametrize("viewport", [WIDE, PHONE], ids=["wide", "phone"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_page_is_accessible_and_fits(
    open_browser: Any, tess: User, settings: Any, theme: str, viewport: dict[str, int]
) -> None:
    Provider(f"http://localhost:{free_port()}", settings).configure()
    secret, _ = set_up(tess)
    found: dict[str, list[str]] = {}
    page = open_browser(theme=theme, viewport=viewport).new_page()

    def look(name: str) -> None:
        found[name] = violations(page)
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            found[name].append("wider than the screen")

    page.goto("/login/")
    look("sign-in with a provider")
    page.get_by_role("link", name="Sign in with Acme Login").click()
    look("provider away")
    page.get_by_role("link", name="Back to sign-in").click()
    _type_password(page)
    look("code")
    page.get_by_label("Code").fill("000000")
    page.get_by_role("button", name="Sign in").click()
    look("wrong code")
    page.get_by_label("Code").fill(code_of(secret))
    page.get_by_role("button", name="Sign in").click()
    for name in ("", "codes/", "off/"):
        page.goto(f"/account/two-factor/{name}")
        look(f"two-factor {name}")
    page.goto("/account/two-factor/codes/")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Make new codes").click()
    expect(page.get_by_role("link", name="Download")).to_be_visible()
    look("recovery codes")

    assert {name: wrong for name, wrong in found.items() if wrong} == {}


def _type_password(page: Page) -> None:
    page.get_by_label("Username").fill("tess")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()

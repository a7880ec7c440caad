"""A value arrives on an open page in Chromium, and restarts of the servers are ridden out."""

import re
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import WIDE, sign_in
from tests.live.conftest import Streams

pytestmark = [pytest.mark.engine, pytest.mark.browser]


@pytest.fixture
def servers(stored: Streams) -> Iterator[dict[str, ExitStack]]:
    """Both servers, each to be stopped by closing it."""
    servers = {name: ExitStack() for name in ("web", "live")}
    for name, server in servers.items():
        server.enter_context(stored.serving(name))
    yield servers
    for server in servers.values():
        server.close()


@pytest.fixture
def page(browser: Browser, stored: Streams, servers: dict[str, ExitStack]) -> Iterator[Page]:
    context = browser.new_context(base_url=f"http://127.0.0.1:{stored.web}", viewport=WIDE)
    yield sign_in(context, "standard")
    context.close()


def send(streams: Streams, value: float, key: str = "power", *, ago: float = 0) -> None:
    at = datetime.now(UTC) - timedelta(seconds=ago)
    streams.send((streams.made[key], at.isoformat(), value))


def live(page: Page) -> None:
    expect(page.locator("[data-live-word]")).to_have_text("Live", timeout=20_000)


def shows(page: Page, text: str) -> None:
    cell = page.locator("[data-live=metrics]")
    expect(cell).to_contain_text(re.compile(text), timeout=20_000)


def test_a_value_arrives_live_and_restarts_are_ridden_out(
    stored: Streams, servers: dict[str, ExitStack], page: Page
) -> None:
    refused: list[str] = []
    page.on("console", lambda message: refused.append(message.text))
    page.goto(f"/devices/{stored.made['device']}/")
    live(page)
    send(stored, 111.0)
    shows(page, "111")
    assert not refused, "the policy for scripts and styles holds"

    servers["live"].close()
    send(stored, 222.0)
    shows(page, "222")  # the web server answers meanwhile
    servers["live"].enter_context(stored.serving("live"))
    live(page)
    send(stored, 333.0)
    shows(page, "333")

    servers["web"].close()
    expect(page.locator("[data-live-banner]")).to_be_visible(timeout=20_000)
    expect(page.locator("[data-live-word]")).to_have_text("Offline")
    servers["web"].enter_context(stored.serving("web"))
    send(stored, 444.0)
    shows(page, "444")
    live(page)
    expect(page.locator("[data-live-banner]")).to_be_hidden()


def test_an_age_ticks_and_turns_late_by_itself(stored: Streams, page: Page) -> None:
    send(stored, 230.0, "voltage", ago=115)
    page.goto(f"/devices/{stored.made['device']}/")
    age = page.locator("[data-live=metrics] time.age").last
    expect(age).to_have_class("age is-live")
    expect(age).to_have_class("age is-late", timeout=20_000)


def test_without_a_script_a_page_says_as_of_when(
    browser: Browser, stored: Streams, servers: dict[str, ExitStack]
) -> None:
    context = browser.new_context(
        base_url=f"http://127.0.0.1:{stored.web}", java_script_enabled=False
    )
    page = sign_in(context, "standard")
    page.goto(f"/sites/{stored.made['site']}/")
    expect(page.locator("[data-live-word]")).to_contain_text("As of")
    expect(page.locator("[data-live-banner]")).to_be_hidden()
    context.close()

"""The pages in headless Chromium, against a live server with a small fleet."""

import os
from collections.abc import Callable, Iterator
from datetime import timedelta
from math import sin
from typing import Any, NamedTuple

import pytest
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from playwright.sync_api import Browser, BrowserContext, Page

from accounts.models import User
from devices.models import Device
from ingest.importing.planning import Place
from ingest.importing.progress import run_import
from ingest.importing.uploads import begin_import, start_import
from ingest.layouts.understood import Asked
from ingest.models import Alias, Discovered, Import
from ingest.sender import Sender
from metrics.models import Metric
from sites.models import Site
from subscriptions.models import Subscription
from tests.support.factories import PASSWORD, DeviceFactory, MetricFactory, SubscriptionFactory
from tests.support.outside import bring
from tests.support.readings import store

# Playwright runs an event loop in this thread, which Django takes for asynchronous code.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

CHROMIUM = "/usr/bin/chromium"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
WIDE = {"width": 1280, "height": 860}
PHONE = {"width": 390, "height": 844}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder needs a browser."""
    for item in items:
        if "/browser/" in str(item.path):
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    return {**browser_type_launch_args, "executable_path": CHROMIUM, "args": FLAGS}


@pytest.fixture(autouse=True)
def _no_attempts_counted() -> None:
    cache.clear()


class Fleet(NamedTuple):
    """What there is to look at."""

    site: Site
    battery: Device
    power: Metric
    subscription: Subscription
    discovered: Discovered
    alias: Alias
    imports: dict[str, Import]

    def addresses(self) -> dict[str, str]:
        """Every page by a name for it."""
        return {
            "sites": "/sites/",
            "sites, nothing found": "/sites/?search=nowhere&kind=battery",
            "sites, wrong filter": "/sites/?state=wrong",
            "site": f"/sites/{self.site.pk}/",
            "site, a day": f"/sites/{self.site.pk}/?period=2026-06-01",
            "site, wrong period": f"/sites/{self.site.pk}/?period=whenever",
            "device add": f"/sites/{self.site.pk}/devices/add/",
            "devices": "/devices/",
            "device": f"/devices/{self.battery.pk}/",
            "device edit": f"/devices/{self.battery.pk}/edit/",
            "device delete": f"/devices/{self.battery.pk}/delete/",
            "metric": f"/metrics/{self.power.pk}/",
            "metric edit": f"/metrics/{self.power.pk}/edit/",
            "metric, custom": f"/metrics/{self.power.pk}/?start=2020-01-01T00:00",
            "subscriptions": "/subscriptions/",
            "subscription add": "/subscriptions/add/",
            "subscription": f"/subscriptions/{self.subscription.pk}/",
            "subscription edit": f"/subscriptions/{self.subscription.pk}/edit/",
            "subscription delete": f"/subscriptions/{self.subscription.pk}/delete/",
            "discovered": "/discovered/",
            "discovered, accept": f"/discovered/?accept={self.discovered.pk}",
            "discovered, nothing found": "/discovered/?search=nowhere",
            "aliases": "/aliases/",
            "alias add": "/aliases/add/",
            "alias edit": f"/aliases/{self.alias.pk}/edit/",
            "alias delete": f"/aliases/{self.alias.pk}/delete/",
            "imports": "/imports/",
            "imports, nothing found": "/imports/?search=nowhere",
            **{f"import, {name}": each.get_absolute_url() for name, each in self.imports.items()},
            "account": "/account/",
            "password": "/account/password/",
            "two-factor": "/account/two-factor/",
            "tokens": "/account/tokens/",
            "token add": "/account/tokens/add/",
            "lost": "/nowhere/",
        }


@pytest.fixture
def fleet(transactional_db: None, site: Site, technician: User) -> Fleet:
    """A battery that charges, a silent grid meter, and a Subscription to power and charge."""
    DeviceFactory(site=site, name="Grid meter", kind="grid_meter")
    battery = DeviceFactory(site=site, name="Battery rack 1", kind="battery")
    power = MetricFactory(device=battery, key="active_power", name="Active power")
    charge = battery.metrics.get(key="state_of_charge")
    now = timezone.now()
    times = [now - timedelta(minutes=5 * n, seconds=5) for n in range(288)]
    store(power, {at: -96_000 * (1 + sin(n / 40)) / 2 for n, at in enumerate(times)}, now=now)
    store(charge, {at: 50 + 40 * sin(n / 40) for n, at in enumerate(times)}, now=now)
    subscription = SubscriptionFactory(
        owner=technician, name="Peak shaving", metrics=[power, charge]
    )
    sender = Sender(technician, "Home Assistant, depot", site.pk)
    named = {"sensor.solar_power/value": [(0, 2.4), (60, 2.5)], "quay/heatpump/power": [(0, 44.3)]}
    bring(sender, named, now=now, unit="kW", name="Solar power", device_name="Roof")
    alias = Alias.objects.create(
        name="N/48e7da/Battery/Power", source=sender.source, site=site, metric=power, sign=-1
    )
    discovered = Discovered.objects.get(name="sensor.solar_power/value")
    imports = _imports(Place(technician, site, battery))
    return Fleet(site, battery, power, subscription, discovered, alias, imports)


# The hour that clocks show twice, and a cell that is no number.
LOGGED = (
    "time;Power (kW);State of charge (%)\n26.10.2025 02:00;-1,5;50\n26.10.2025 02:30;#REF!;51\n"
    "26.10.2025 02:00;-12,5;52\n26.10.2025 02:30;-13,25;53\n"
)


def _imports(place: Place) -> dict[str, Import]:
    """A file at each stage of its import."""

    def bring(content: str) -> Import:
        file = SimpleUploadedFile("harbour-depot_2025-10-26.csv", content.encode())
        return begin_import(place, file, Asked(), [], dry_run=False)

    imports = {stage: bring(LOGGED) for stage in ("to be checked", "running", "done")}
    imports["not understood"] = bring("Name,Room\nPump,Cellar\n")
    imports["asking"] = bring("time,Power (kW)\n03/04/2026 1:00,1.5\n03/04/2026 2:00,2.5\n")
    start_import(imports["running"])
    start_import(imports["done"])
    run_import(imports["done"].pk)
    return imports


@pytest.fixture
def open_browser(browser: Browser, live_server: Any) -> Iterator[Callable[..., BrowserContext]]:
    """Opens browser contexts on the live server; `theme`, `viewport` and `script` may be set."""
    opened: list[BrowserContext] = []

    def open_browser(
        *, theme: str = "light", viewport: dict[str, int] = WIDE, script: bool = True
    ) -> BrowserContext:
        context = browser.new_context(
            base_url=live_server.url,
            color_scheme=theme,
            viewport=viewport,
            java_script_enabled=script,
        )
        opened.append(context)
        return context

    yield open_browser
    for context in opened:
        context.close()


def sign_in(context: BrowserContext, username: str) -> Page:
    """A page of somebody who signed in with the form."""
    page = context.new_page()
    page.goto("/login/")
    page.get_by_label("Username").fill(username)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    return page

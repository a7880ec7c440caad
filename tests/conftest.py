"""The personas every test speaks through."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from hypothesis import HealthCheck, settings
from rest_framework.test import APIClient

from accounts.models import User
from devices.models import Device
from metrics.models import Metric
from sites.models import Site
from tests.support.factories import DeviceFactory, SiteFactory, UserFactory

pytest_plugins = ("tests.support.stores",)

# A busy machine makes an example slow, never wrong.
settings.register_profile("suite", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("suite")


_DATABASE_FIXTURES = {"db", "transactional_db", "live_server", "stack"}
_DATABASE_MARKERS = ("django_db", "engine", "browser")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Refuse tests of one name, and run once what no engine can change the outcome of.

    Of tests that have the same name xdist runs one, and says nothing of the others. Tests that ask
    no database run with SQLite alone.
    """
    names = Counter(item.nodeid for item in items)
    if repeated := [name for name, count in names.items() if count > 1]:
        raise pytest.UsageError(f"Several tests have the name {repeated[0]}.")
    if connection.vendor != "sqlite":
        config.hook.pytest_deselected(items=[item for item in items if not _asks_database(item)])
        items[:] = filter(_asks_database, items)


def _asks_database(item: pytest.Item) -> bool:
    fixtures = _DATABASE_FIXTURES.intersection(getattr(item, "fixturenames", ()))
    return bool(fixtures) or any(map(item.get_closest_marker, _DATABASE_MARKERS))


@pytest.fixture(autouse=True)
def no_export_runs(settings: Any, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Start every test with no export running, although another left one unread."""
    settings.RUN_DIR = tmp_path_factory.mktemp("run")


@pytest.fixture
def technician(db: None) -> User:
    """A technician, assigned to `site`."""
    return UserFactory(username="tess", group="technician")


@pytest.fixture
def standard(db: None) -> User:
    """A standard user, assigned to `site`."""
    return UserFactory(username="stan", group="standard")


@pytest.fixture
def outsider(db: None) -> User:
    """A user in no group, assigned to no Site."""
    return UserFactory(username="olga")


@pytest.fixture
def administrator(db: None) -> User:
    """A superuser, assigned to nothing and seeing all."""
    return UserFactory(username="ada", is_superuser=True, is_staff=True)


@pytest.fixture
def site(technician: User, standard: User) -> Site:
    """The Site of `technician` and `standard`, in Amsterdam."""
    return SiteFactory(name="Harbour depot", slug="harbour-depot", users=[technician, standard])


@pytest.fixture
def foreign_site(db: None) -> Site:
    """A Site that only the administrator sees."""
    return SiteFactory(name="Secret works", slug="secret-works")


@pytest.fixture
def device(site: Site) -> Device:
    """A load meter on `site`."""
    return DeviceFactory(site=site, name="Main meter")


@pytest.fixture
def metric(device: Device) -> Metric:
    """The headline Metric of `device`: active_power in W."""
    return device.metrics.get()


@pytest.fixture
def foreign_device(foreign_site: Site) -> Device:
    """A load meter on `foreign_site`."""
    return DeviceFactory(site=foreign_site, name="Secret meter")


@pytest.fixture
def foreign_metric(foreign_device: Device) -> Metric:
    """The headline Metric of `foreign_device`."""
    return foreign_device.metrics.get()


@pytest.fixture
def api_client_for() -> Callable[[User | None], APIClient]:
    """An API client signed in by session as the user given; anonymous for None."""

    def client_for(user: User | None) -> APIClient:
        client = APIClient()
        if user is not None:
            client.force_login(user)
        return client

    return client_for


@pytest.fixture
def client_for() -> Callable[[User | None], Client]:
    """A browser-like client signed in as the user given; anonymous for None."""

    def client_for(user: User | None) -> Client:
        client = Client()
        if user is not None:
            client.force_login(user)
        return client

    return client_for

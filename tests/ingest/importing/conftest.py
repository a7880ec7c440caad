"""A meter that files of readings are brought for, and who brings them."""

from collections.abc import Callable

import pytest
from rest_framework.test import APIClient

from accounts.models import User
from devices.models import Device
from ingest.importing import viewsets
from metrics.vocabulary import MetricSpec, MetricType
from sites.models import Site


@pytest.fixture
def meter(site: Site) -> Device:
    """A grid meter with a power, a counter, and amounts of quarters of an hour."""
    device = Device(site=site, name="Grid meter", kind="grid_meter")
    device.named_metrics = (
        MetricSpec("active_power", "Active power", "W"),
        MetricSpec("import_energy", "Energy imported", "Wh", MetricType.COUNTER),
        MetricSpec("bought", "Bought", "kWh", MetricType.INTERVAL, 900),
    )
    device.save()
    return device


@pytest.fixture
def queued(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The imports that were given to the worker, which does not run by itself here."""
    given: list[int] = []
    monkeypatch.setattr(viewsets, "run_import", given.append)
    return given


@pytest.fixture
def api(
    api_client_for: Callable[[User | None], APIClient], technician: User, queued: list[int]
) -> APIClient:
    """A client of the technician, whose imports wait for the worker."""
    return api_client_for(technician)

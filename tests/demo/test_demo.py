"""The demo as `manage.py seed_demo` leaves it: sites, equipment, a day of history, people."""

from collections.abc import Iterator
from io import StringIO
from typing import Any

import numpy as np
import pytest
from django.core.management import call_command
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from demo.fleet import FLEET
from devices.kinds import DeviceKind
from devices.models import Device
from energy.access import role_of
from energy.instants import to_micros
from history import get_store
from metrics.models import Latest, Metric
from metrics.vocabulary import CANONICAL
from sites.models import Site
from subscriptions.models import Subscription

PASSWORD = "given by the environment"


@pytest.fixture(scope="module")
def seeded(
    django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """The demo with a day of history, made once for the module; what the command said."""
    said = StringIO()
    with django_db_blocker.unblock(), pytest.MonkeyPatch.context() as patch, transaction.atomic():
        patch.setenv("DEMO_PASSWORD", PASSWORD)
        call_command("seed_demo", days=1, verbosity=0, stdout=said)
        with django_db_blocker.block():
            yield said.getvalue()
        transaction.set_rollback(True)


def rows() -> list[int]:
    return [model.objects.count() for model in (Site, Device, Metric, User, Subscription, Latest)]


def test_there_are_four_sites_with_place_and_time_zone(seeded: str, db: None) -> None:
    assert Site.objects.count() == 4
    for site in Site.objects.all():
        site.full_clean()
        assert site.latitude
        assert site.time_zone.startswith("America/")


def test_the_campus_has_every_kind_of_device(seeded: str, db: None) -> None:
    kinds = Device.objects.filter(site__slug="greensboro-campus").values_list("kind", flat=True)
    assert set(kinds) == set(DeviceKind.values)


def test_every_device_has_the_canonical_metrics_of_its_kind(seeded: str, db: None) -> None:
    for device in Device.objects.prefetch_related("metrics"):
        device.full_clean()
        for metric, spec in zip(device.metrics.all(), CANONICAL[device.kind], strict=True):
            assert {name: getattr(metric, name) for name in spec._fields} == spec._asdict()


def test_devices_are_named_as_what_simulates_them(seeded: str, db: None) -> None:
    for site in FLEET:
        slugs = set(Device.objects.filter(site__slug=site.slug).values_list("slug", flat=True))
        assert slugs == {device.equipment.slug for device in site.devices}


def test_history_has_every_minute_up_to_now(seeded: str, db: None) -> None:
    metric_ids = list(Metric.objects.values_list("pk", flat=True))
    stored = get_store().read(metric_ids, 0, 2**62)
    ends = {int(samples.timestamps[-1]) for samples in stored.values()}
    assert len(ends) == 1
    assert 0 <= to_micros(timezone.now()) - ends.pop() < 120_000_000
    for samples in stored.values():
        assert len(samples) == 1440
        assert np.all(np.diff(samples.timestamps) == 60_000_000)


def test_every_metric_has_its_newest_reading_as_latest(seeded: str, db: None) -> None:
    assert Latest.objects.count() == Metric.objects.count() > 100


@pytest.mark.parametrize(
    ("username", "role", "sites"),
    [
        ("admin", "admin", 4),
        ("technician", "technician", 3),
        ("standard", "standard", 2),
    ],
)
def test_people_see_their_sites(
    seeded: str, db: None, username: str, role: str, sites: int
) -> None:
    user = User.objects.get(username=username)
    assert role_of(user) == role
    assert Site.objects.visible_to(user).count() == sites


@pytest.mark.parametrize("username", ["admin", "technician", "standard"])
def test_people_have_a_subscription_to_what_they_see(seeded: str, db: None, username: str) -> None:
    user = User.objects.get(username=username)
    subscription = Subscription.objects.get(owner=user)
    subscribed = set(subscription.metrics.all())
    assert len(subscribed) >= 4
    assert subscribed <= set(Metric.objects.visible_to(user))


def test_people_sign_in_with_the_given_password(seeded: str, db: None, client: Any) -> None:
    assert client.login(username="standard", password=PASSWORD)
    assert PASSWORD not in seeded


def test_a_second_run_changes_nothing_and_says_so(seeded: str, db: None) -> None:
    before = rows()
    said = StringIO()
    call_command("seed_demo", days=1, verbosity=0, stdout=said)
    assert "nothing was changed" in said.getvalue()
    assert rows() == before

"""Fills a fresh database for the tests that attack a running server: read by `manage.py shell`."""

from datetime import UTC, datetime, timedelta

from tests.support.factories import DeviceFactory, SiteFactory, UserFactory
from tests.support.readings import store

names = ("technician", "standard", "other", "third")
people = [UserFactory(username=name, group=name) for name in names[:2]]
people += [UserFactory(username=name) for name in names[2:]]
device = DeviceFactory(site=SiteFactory(name="Harbour depot", slug="harbour-depot", users=people))
# An export by the minute has a row for each minute of six years between them, quickly made.
now = datetime.now(UTC)
store(device.metrics.get(), {now - timedelta(days=6 * 365): 1.0, now: 2.0})

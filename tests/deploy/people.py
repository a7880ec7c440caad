"""Fills a fresh database for the tests that attack a running server: read by `manage.py shell`."""

from tests.support.factories import DeviceFactory, SiteFactory, UserFactory

people = [UserFactory(username=name, group=name) for name in ("technician", "standard")]
DeviceFactory(site=SiteFactory(name="Harbour depot", slug="harbour-depot", users=people))

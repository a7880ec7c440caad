"""Creates the demo: the fleet's Sites with their Devices and Metrics, and its people."""

from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group
from django.db import transaction

from accounts.models import User
from demo.fleet import DemoSite
from demo.people import PEOPLE, SLUGS, DemoPerson
from devices.models import Device
from metrics.models import Metric
from metrics.vocabulary import CANONICAL
from sites.models import Site, SiteAssignment
from subscriptions.models import Subscription

_SITE_FIELDS = ("name", "description", "address", "latitude", "longitude", "time_zone")
_DEVICE_FIELDS = ("name", "manufacturer", "model", "serial_number", "rated_power")


def is_complete() -> bool:
    """Whether all of the demo's Sites and people exist."""
    usernames = [person.username for person in PEOPLE]
    users = User.objects.filter(username__in=usernames)
    return (
        Site.objects.filter(slug__in=SLUGS).count() == len(SLUGS)
        and users.count() == len(PEOPLE)
    )  # fmt: skip


def is_in_use() -> bool:
    """Whether there are users, or Sites other than the demo's: it is in use without the demo."""
    return User.objects.exists() or Site.objects.exclude(slug__in=SLUGS).exists()


@transaction.atomic
def create_site(demo: DemoSite) -> Site:
    """Create a Site with its Devices and their canonical Metrics, unless it exists."""
    fields = {name: getattr(demo, name) for name in _SITE_FIELDS}
    site, created = Site.objects.get_or_create(slug=demo.slug, defaults=fields)
    if created:
        for each in demo.devices:
            fields = {name: getattr(each, name) for name in _DEVICE_FIELDS}
            device = Device(site=site, kind=each.equipment.KIND, **fields)
            device.named_metrics = CANONICAL[device.kind]
            device.save()
    return site


@transaction.atomic
def create_people(password: str) -> None:
    """Create the people who do not exist yet, with one password for all, and what is theirs."""
    hashed = make_password(password)  # Hashing is slow by design: once is enough.
    for person in PEOPLE:
        if not User.objects.filter(username=person.username).exists():
            _create(person, hashed)


def _create(person: DemoPerson, hashed_password: str) -> None:
    admin = person.group is None
    user = User.objects.create(
        username=person.username, password=hashed_password, is_staff=admin, is_superuser=admin
    )
    if person.group:
        user.groups.add(Group.objects.get(name=person.group))
    for site in Site.objects.filter(slug__in=person.sites):
        SiteAssignment.objects.create(user=user, site=site)
    subscription = Subscription.objects.create(
        owner=user, name=person.subscription, description=person.description
    )
    subscription.metrics.set(
        Metric.objects.get(device__site__slug=site, device__slug=device, key=key)
        for site, device, key in person.metrics
    )

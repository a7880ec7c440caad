"""The demo's rows: the fleet's Sites, Devices and Metrics, its people, what they subscribe to."""

from dataclasses import dataclass

from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group
from django.db import transaction

from accounts.models import User
from demo.fleet import FLEET, DemoSite
from devices.models import Device
from energy.access import STANDARD, TECHNICIAN
from metrics.models import Metric
from metrics.vocabulary import CANONICAL
from sites.models import Site, SiteAssignment
from subscriptions.models import Subscription

SLUGS = tuple(site.slug for site in FLEET)


@dataclass(frozen=True)
class DemoPerson:
    """A user, the Sites assigned to them and the Subscription they start with.

    `metrics` names Metrics as (Site, Device, key); without a `group` they are a superuser.
    """

    username: str
    group: str | None
    sites: tuple[str, ...]
    subscription: str
    description: str
    metrics: tuple[tuple[str, str, str], ...]


_CAMPUS, _PARK, _ISLAND, _YARD = SLUGS
PEOPLE = (
    DemoPerson(
        "admin", None, (),
        "Grid connections", "What every site takes from the grid or gives to it.",
        tuple((slug, "grid-meter", "active_power") for slug in SLUGS),
    ),
    DemoPerson(
        TECHNICIAN, TECHNICIAN, (_CAMPUS, _PARK, _ISLAND),
        "Generation", "Inverters and turbines, beside the light and the wind they have.",
        (
            (_CAMPUS, "pv-inverter", "active_power"),
            (_CAMPUS, "wind-turbine", "active_power"),
            (_PARK, "inverter-east", "active_power"),
            (_PARK, "inverter-west", "active_power"),
            (_PARK, "weather-station", "irradiance"),
            (_ISLAND, "turbine-1", "active_power"),
            (_ISLAND, "turbine-2", "active_power"),
            (_ISLAND, "weather-station", "wind_speed"),
        ),
    ),
    DemoPerson(
        STANDARD, STANDARD, (_CAMPUS, _PARK),
        "Campus at a glance", "Sun, battery, grid and the largest consumers of the campus.",
        (
            (_CAMPUS, "grid-meter", "active_power"),
            (_CAMPUS, "pv-inverter", "active_power"),
            (_CAMPUS, "battery", "active_power"),
            (_CAMPUS, "battery", "state_of_charge"),
            (_CAMPUS, "main-building", "active_power"),
            (_CAMPUS, "ev-charger-north", "active_power"),
        ),
    ),
)  # fmt: skip


def is_complete() -> bool:
    """Whether all of the demo's Sites and people are there."""
    usernames = [person.username for person in PEOPLE]
    users = User.objects.filter(username__in=usernames)
    return (
        Site.objects.filter(slug__in=SLUGS).count() == len(SLUGS)
        and users.count() == len(PEOPLE)
    )  # fmt: skip


def is_someones_own() -> bool:
    """Whether there are users, or Sites other than the demo's: a start was made without it."""
    return User.objects.exists() or Site.objects.exclude(slug__in=SLUGS).exists()


@transaction.atomic
def create_site(demo: DemoSite) -> Site:
    """Create a Site with its Devices and their canonical Metrics; one that is there stays."""
    site, created = Site.objects.get_or_create(
        slug=demo.slug,
        defaults={
            "name": demo.name,
            "description": demo.description,
            "address": demo.address,
            "latitude": demo.latitude,
            "longitude": demo.longitude,
            "time_zone": demo.time_zone,
        },
    )
    if created:
        for item in demo.devices:
            device = Device(
                site=site,
                name=item.name,
                kind=item.equipment.KIND,
                manufacturer=item.manufacturer,
                model=item.model,
                serial_number=item.serial_number,
                rated_power=item.rated_power,
            )
            device.named_metrics = CANONICAL[device.kind]
            device.save()
    return site


@transaction.atomic
def create_people(password: str) -> None:
    """Create the people who are not there yet, all with one password, and what is theirs."""
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

"""Sites with a Device and a Metric each, a technician and a standard user who see them all."""

from dataclasses import dataclass

from django.contrib.auth.models import Group
from django.db import transaction

from accounts.models import ApiToken, User
from bench.history import SHAPES
from devices.models import Device
from metrics.models import Metric
from metrics.vocabulary import MetricType, describe
from sites.models import Site, SiteAssignment
from subscriptions.models import Subscription

FEW = 10


@dataclass(frozen=True)
class Dataset:
    """What requests need: the ids of all Metrics, ascending, and of a few gauges among them.

    And the tokens of two users, and the Subscriptions of the standard one.
    """

    ids: list[int]
    few: list[int]
    technician: str
    standard: str
    subscription_of_all: int
    subscription_of_few: int


@transaction.atomic
def build_dataset(metrics: int) -> Dataset:
    """Fill an empty, migrated database."""
    sites = Site.objects.bulk_create(
        Site(name=f"Site {n:04d}", slug=f"site-{n:04d}", time_zone="Europe/Amsterdam")
        for n in range(metrics)
    )
    for number, site in enumerate(sites):
        _device(site, number)
    ids = list(Metric.objects.order_by("pk").values_list("pk", flat=True))
    gauges = Metric.objects.filter(type=MetricType.GAUGE).order_by("pk")
    few = list(gauges.values_list("pk", flat=True)[:FEW])
    standard = _user("standard", sites)
    return Dataset(
        ids=ids,
        few=few,
        technician=_token(_user("technician", sites)),
        standard=_token(standard),
        subscription_of_all=_subscription(standard, "All", ids),
        subscription_of_few=_subscription(standard, "Few", few),
    )


def _device(site: Site, number: int) -> None:
    kind, key, _ = SHAPES[number % len(SHAPES)]
    device = Device(site=site, name="Meter", kind=kind)
    device.named_metrics = [describe(kind, key)]
    device.save()


def _user(role: str, sites: list[Site]) -> User:
    user = User.objects.create_user(f"bench-{role}")
    user.groups.add(Group.objects.get(name=role))
    SiteAssignment.objects.bulk_create(SiteAssignment(site=site, user=user) for site in sites)
    return user


def _token(user: User) -> str:
    return str(ApiToken.objects.create(user=user)[1])


def _subscription(owner: User, name: str, metric_ids: list[int]) -> int:
    subscription = Subscription.objects.create(owner=owner, name=name)
    subscription.metrics.set(metric_ids)
    return int(subscription.pk)

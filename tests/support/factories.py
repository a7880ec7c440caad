"""Rows for tests, valid and minimal."""

from datetime import datetime
from typing import Any

import factory
from django.contrib.auth.models import Group
from factory.django import DjangoModelFactory

from accounts.models import User
from devices.kinds import DeviceKind
from devices.models import Device
from metrics.models import Latest, Metric
from sites.models import Site, SiteAssignment
from subscriptions.models import Subscription

PASSWORD = "correct horse battery staple"


class UserFactory(DjangoModelFactory):
    """A user who can sign in with PASSWORD; `group="technician"` puts them in that group."""

    class Meta:
        model = User
        skip_postgeneration_save = True

    username = factory.Sequence(lambda n: f"user{n}")
    password = factory.django.Password(PASSWORD)

    @factory.post_generation
    def group(self: Any, create: bool, extracted: str | None, **kwargs: Any) -> None:
        if extracted:
            self.groups.add(Group.objects.get(name=extracted))


class SiteFactory(DjangoModelFactory):
    """A Site; `users=[…]` assigns them."""

    class Meta:
        model = Site
        skip_postgeneration_save = True

    name = factory.Sequence(lambda n: f"Site {n:04d}")
    slug = factory.Sequence(lambda n: f"site-{n:04d}")
    time_zone = "Europe/Amsterdam"

    @factory.post_generation
    def users(self: Any, create: bool, extracted: list[User] | None, **kwargs: Any) -> None:
        for user in extracted or ():
            SiteAssignment.objects.create(site=self, user=user)


class DeviceFactory(DjangoModelFactory):
    """A load meter with its headline Metric (`device.metrics.get()`), unless told otherwise."""

    class Meta:
        model = Device

    site = factory.SubFactory(SiteFactory)
    name = factory.Sequence(lambda n: f"Device {n:04d}")
    kind = DeviceKind.LOAD_METER


class MetricFactory(DjangoModelFactory):
    """A gauge in watts, beside its Device's headline."""

    class Meta:
        model = Metric

    device = factory.SubFactory(DeviceFactory)
    key = factory.Sequence(lambda n: f"metric_{n}")
    name = factory.Sequence(lambda n: f"Metric {n}")
    unit = "W"


class LatestFactory(DjangoModelFactory):
    """The latest value of a Metric."""

    class Meta:
        model = Latest

    metric = factory.SubFactory(MetricFactory)
    value = 1.5
    timestamp = datetime.fromisoformat("2026-06-01T12:00:00+00:00")
    received_at = factory.SelfAttribute("timestamp")


class SubscriptionFactory(DjangoModelFactory):
    """A Subscription; `metrics=[…]` puts them in."""

    class Meta:
        model = Subscription
        skip_postgeneration_save = True

    owner = factory.SubFactory(UserFactory)
    name = factory.Sequence(lambda n: f"Subscription {n:04d}")

    @factory.post_generation
    def metrics(self: Any, create: bool, extracted: list[Metric] | None, **kwargs: Any) -> None:
        self.metrics.set(extracted or ())

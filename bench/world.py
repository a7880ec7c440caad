"""A thousand Sites with a Device and a Metric each, and a technician who sees them all."""

from django.contrib.auth.models import Group
from django.db import transaction

from accounts.models import ApiToken, User
from devices.models import Device
from metrics.models import Metric
from sites.models import Site, SiteAssignment

SITES = 1000


@transaction.atomic
def build() -> str:
    """Fill an empty, migrated database; returns an API token of the technician."""
    user = User.objects.create_user("bench")
    user.groups.add(Group.objects.get(name="technician"))
    sites = Site.objects.bulk_create(
        Site(name=f"Site {n:04d}", slug=f"site-{n:04d}", time_zone="Europe/Amsterdam")
        for n in range(SITES)
    )
    SiteAssignment.objects.bulk_create(SiteAssignment(site=site, user=user) for site in sites)
    for site in sites:
        Device(site=site, name="Meter", kind="load_meter").save()
    _, token = ApiToken.objects.create(user=user)
    return str(token)


def metric_ids() -> list[int]:
    """The ids of all Metrics, ascending."""
    return list(Metric.objects.order_by("pk").values_list("pk", flat=True))

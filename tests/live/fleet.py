"""Run by `manage.py shell`: people, and a Device with two Metrics; says what it has made."""

import json
import sys

from accounts.models import ApiToken
from tests.support.factories import DeviceFactory, MetricFactory, SiteFactory, UserFactory

names = ("standard", "technician", "leaver", "crowd", "fired", "revoked")
people = {
    name: UserFactory(username=name, group="technician" if name == "technician" else "standard")
    for name in names
}
device = DeviceFactory(site=SiteFactory(users=list(people.values())))
power = device.metrics.get()
voltage = MetricFactory(device=device, key="voltage", unit="V")
tokens = {name: ApiToken.objects.create(user=user)[1] for name, user in people.items()}
sys.stdout.write(
    json.dumps(
        {
            "device": device.pk,
            "site": device.site_id,
            "power": power.pk,
            "voltage": voltage.pk,
            "tokens": tokens,
        }
    )
)

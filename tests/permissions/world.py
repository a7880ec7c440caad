"""What the matrix acts on: five personas, what is theirs and what is foreign to them."""

from dataclasses import dataclass
from http.cookies import SimpleCookie
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import ApiToken, User
from ingest.importing.planning import Place
from ingest.importing.uploads import begin_import
from ingest.layouts.understood import Asked
from ingest.models import Alias, Discovered
from metrics.models import Metric
from tests.support.factories import (
    PASSWORD,
    DeviceFactory,
    MetricFactory,
    SiteFactory,
    SubscriptionFactory,
    UserFactory,
)

PERSONAS = ("anonymous", "outsider", "standard", "technician", "administrator")
OWN, FOREIGN = "own", "foreign"
NEW_PASSWORD = "an entirely different phrase"


@dataclass
class Side:
    """One side of the fence: a Site with a Device with two Metrics, two outside names and a file.

    One of the names has an alias, the other waits; the file is to be imported for the Metric.
    """

    site: Any
    device: Any
    metric: Any
    alias: Any
    discovered: Any
    imported: Any


def file_of_readings() -> SimpleUploadedFile:
    """A file to import."""
    return SimpleUploadedFile("a.csv", b"time,kW\n2026-06-01T00:00:00Z,1.5\n")


class World:
    """Everything a request of the matrix can name.

    `own` is the Site that the standard user and the technician are assigned to, `foreign` one that
    only the administrator sees. Subscriptions and tokens are foreign when somebody else's.
    """

    def __init__(self) -> None:
        self.users: dict[str, User | None] = {
            "anonymous": None,
            "outsider": UserFactory(username="outsider"),
            "standard": UserFactory(username="standard", group="standard"),
            "technician": UserFactory(username="technician", group="technician"),
            "administrator": UserFactory(username="administrator", is_superuser=True),
        }
        self.stranger = UserFactory(username="stranger")
        assigned = [self.users["standard"], self.users["technician"]]
        self.sides = {OWN: _side("Own", assigned), FOREIGN: _side("Foreign", [])}
        people = [self.stranger, *filter(None, self.users.values())]
        self.subscriptions = {
            user: SubscriptionFactory(owner=user, metrics=Metric.objects.all()) for user in people
        }
        self.cookies = {persona: _signed_in(user) for persona, user in self.users.items()}
        self.tokens = {user: ApiToken.objects.create(user=user)[0] for user in people}
        self.secrets = {
            scope: ApiToken.objects.create(user=self.users["technician"], scope=scope)[1]
            for scope in ApiToken.Scope.values
        }

    def someone(self, persona: str, whose: str) -> User:
        """The persona, or for what is foreign the stranger; somebody for the anonymous."""
        user = self.users[persona] if whose == OWN else self.stranger
        return user or self.users["standard"]

    def arguments(self, route: str, persona: str, whose: str) -> list[Any]:
        """What the address of `route` names."""
        thing = OBJECTS.get(route)
        if thing is None:
            return []
        someone = self.someone(persona, whose)
        if thing == "token":
            return [self.tokens[someone].token_key]
        if thing == "subscription":
            return [self.subscriptions[someone].pk]
        return [getattr(self.sides[whose], thing).pk]

    def address(self, route: str, persona: str, whose: str) -> str:
        """Where `route` is, with the query that it cannot do without."""
        if route == "unknown-api-address":
            return "/api/nowhere/"
        queries = {
            "api:metric-latest-list": f"?ids={self.sides[whose].metric.pk}",
            "api:metric-readings": "?start=2026-06-01&end=2026-06-02",
            "influx-query": "?q=CREATE+DATABASE+energy",
        }
        arguments = self.arguments(route, persona, whose)
        return reverse(route, args=arguments) + queries.get(route, "")

    def ask(self, route: str, verb: str, persona: str, whose: str, scope: str = "") -> int:
        """The status that `persona` gets, with a session or with their token of a `scope`."""
        address = self.address(route, persona, whose)
        is_api = address.startswith("/api/")
        headers = {"Authorization": f"Bearer {self.secrets[scope]}"} if scope else {}
        client: Any = (APIClient if is_api else Client)(headers=headers)
        if not scope:
            client.cookies = self.cookies[persona].copy()
        body = self.body(route, verb, persona, whose)
        if verb in ("GET", "OPTIONS") or (body is None and not is_api):
            answer = client.generic(verb, address)
        else:
            form = {"format": "multipart"} if is_api and "file" in (body or {}) else {}
            answer = getattr(client, verb.lower())(address, body, **form)
        if answer.streaming:  # an export takes a slot until it is read
            b"".join(answer.streaming_content)
        return int(answer.status_code)

    def body(self, route: str, verb: str, persona: str, whose: str) -> Any:
        """A body that would be accepted from somebody who may do so."""
        side = self.sides[whose]
        if route == "api:device-detail" and verb == "PATCH":
            return {"notes": "changed"}
        if route == "api:metric-detail":
            return {"name": "Changed"}
        device = {"name": "Another", "kind": "battery"}
        subscription = {"name": "Another", "metrics": [side.metric.pk]}
        if "subscription-detail" in route or route == "subscription-edit":
            subscription["metrics"] = []
        if route in ("api:import-list", "import-list"):
            return {"file": file_of_readings(), "site": side.site.pk}
        if route == "api:import-detail":
            return {"decimal": "point"}
        if route == "import-detail":
            return {"seen": side.imported.touched_at.isoformat(), "decimal": "point"}
        return {
            "api:login": {"username": self.someone(persona, OWN).username, "password": PASSWORD},
            "api:device-list": {**device, "site": side.site.pk},
            "api:device-detail": {**device, "site": self.sides[OWN].site.pk},
            "api:metric-list": {"device": side.device.pk, "key": "another"},
            "api:subscription-list": subscription,
            "api:subscription-detail": subscription,
            "api:discovered-accept": {"metric": side.metric.pk},
            "api:alias-list": {
                "site": side.site.pk,
                "source": "gateway",
                "name": "another",
                "metric": side.metric.pk,
            },
            "api:alias-detail": {
                "site": side.site.pk,
                "source": "gateway",
                "name": "known",
                "metric": side.metric.pk,
                "factor": 10,
            },
            "api:readings": {
                "metric": side.metric.pk,
                "timestamps": ["2026-06-01T12:00:00Z"],
                "values": [1.5],
            },
            "login": {"username": self.someone(persona, OWN).username, "password": PASSWORD},
            "account": {"clock": "site", "time_zone": "UTC", "units": "kilo", "theme": "dark"},
            "password": {
                "old_password": PASSWORD,
                "new_password1": NEW_PASSWORD,
                "new_password2": NEW_PASSWORD,
            },
            "two-factor": {"code": "000000", "password": PASSWORD},
            "theme": {"theme": "dark"},
            "readings-delete": {"start": "2026-06-01T00:00", "end": "2026-06-02T00:00"},
            "api:token-list": {"name": "New", "scope": "ingest", "site": side.site.pk},
            "token-create": {"name": "New", "scope": "read", "days": 30},
            "token-renew": {"days": 30},
            "device-add": {
                **device,
                "status": "active",
                "metrics": ["battery.state_of_charge"],
                "expected_interval": 60,
            },
            "device-edit": {
                **device,
                "status": "active",
                "seen": side.device.updated_at.isoformat(),
            },
            "metric-edit": {
                "name": "Changed",
                "key": "active_power",
                "unit": "W",
                "type": "gauge",
                "expected_interval": 60,
            },
            "subscription-add": subscription,
            "subscription-edit": subscription,
            "discovered-accept": {
                "device": side.device.pk,
                "key": "another",
                "name": "Another",
                "unit": "W",
                "type": "gauge",
                "factor": 1,
                "sign": 1,
            },
            "alias-add": {
                "site": side.site.pk,
                "source": "gateway",
                "name": "another",
                "metric": side.metric.pk,
                "factor": 1,
                "sign": 1,
            },
            "alias-edit": {"metric": side.metric.pk, "factor": 10, "sign": -1},
        }.get(route)


OBJECTS = {
    "api:site-detail": "site",
    "api:site-export": "site",
    "api:site-stream": "site",
    "api:site-overview": "site",
    "api:device-detail": "device",
    "api:device-export": "device",
    "api:device-stream": "device",
    "api:metric-detail": "metric",
    "api:metric-export": "metric",
    "api:metric-latest": "metric",
    "api:metric-timeseries": "metric",
    "api:metric-readings": "metric",
    "api:discovered-detail": "discovered",
    "api:discovered-accept": "discovered",
    "api:discovered-ignore": "discovered",
    "api:alias-detail": "alias",
    "api:import-detail": "imported",
    "api:import-start": "imported",
    "api:subscription-detail": "subscription",
    "api:subscription-export": "subscription",
    "api:subscription-stream": "subscription",
    "api:subscription-latest": "subscription",
    "api:subscription-timeseries": "subscription",
    "site-detail": "site",
    "device-add": "site",
    "device-detail": "device",
    "device-edit": "device",
    "device-delete": "device",
    "metric-detail": "metric",
    "metric-edit": "metric",
    "readings-delete": "metric",
    "subscription-detail": "subscription",
    "subscription-edit": "subscription",
    "subscription-delete": "subscription",
    "token-renew": "token",
    "token-revoke": "token",
    "api:token-detail": "token",
    "api:token-renew": "token",
    "discovered-accept": "discovered",
    "discovered-ignore": "discovered",
    "discovered-take-back": "discovered",
    "alias-edit": "alias",
    "alias-delete": "alias",
    "import-detail": "imported",
}
# Their body or query names a row.
NAMING = {
    ("api:device-list", "POST"),
    ("api:import-list", "POST"),
    ("api:metric-list", "POST"),
    ("api:metric-latest-list", "GET"),
    ("api:readings", "POST"),
    ("api:alias-list", "POST"),
    ("alias-add", "POST"),
    ("import-list", "POST"),
    ("api:subscription-list", "POST"),
    ("api:token-list", "POST"),
    ("subscription-add", "POST"),
}


def _signed_in(user: User | None) -> SimpleCookie:
    client = Client()
    if user:
        client.force_login(user)
    return client.cookies


def _side(name: str, users: list[User | None]) -> Side:
    site = SiteFactory(name=name, users=users)
    device = DeviceFactory(site=site)
    MetricFactory(device=device)
    metric = device.metrics.first()
    alias = Alias.objects.create(site=site, source="gateway", name="known", metric=metric)
    seen = {"first_seen": timezone.now(), "last_seen": timezone.now()}
    discovered = Discovered.objects.create(site=site, source="gateway", name="unknown", **seen)
    place = Place(UserFactory(username=f"Importer of {name}", is_superuser=True), site, device)
    wish = f"kW={device.slug}/{metric.key}"
    imported = begin_import(place, file_of_readings(), Asked(), [wish], dry_run=False)
    return Side(site, device, metric, alias, discovered, imported)

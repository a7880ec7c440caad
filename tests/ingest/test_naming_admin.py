"""Names from outside in the admin."""

from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from ingest.models import Alias, Discovered
from ingest.sender import OPERATOR, Sender
from metrics.models import Metric
from sites.models import Site
from tests.support.admin import told
from tests.support.outside import POWER, bring, history

ALIASES, NAMES = "/admin/ingest/alias/", "/admin/ingest/discovered/"


@pytest.fixture
def admin(administrator: User, client_for: Any) -> Client:
    return client_for(administrator)


def test_a_new_alias_takes_up_what_waits(admin: Client, metric: Metric) -> None:
    bring(Sender(OPERATOR, "mqtt"), {POWER: [(0, 1), (60, 2)]})
    sent = {"name": POWER, "source": "mqtt", "metric": metric.pk, "factor": 10, "sign": -1}
    answer = admin.post(f"{ALIASES}add/", sent)
    assert answer.status_code == 302
    assert "2 readings that waited were stored." in told(answer)
    assert history(metric) == {0: -10.0, 60: -20.0}
    assert admin.get(ALIASES).status_code == 200


def test_an_alias_is_changed_for_what_comes_then(
    admin: Client, metric: Metric, site: Site, foreign_metric: Metric
) -> None:
    alias = Alias.objects.create(name=POWER, source="mqtt", site=site, metric=metric)
    address = f"{ALIASES}{alias.pk}/change/"
    assert admin.post(address, {"metric": metric.pk, "factor": 2, "sign": 1}).status_code == 302
    assert Alias.objects.get().factor == 2
    refused = admin.post(address, {"metric": foreign_metric.pk, "factor": 3, "sign": 1})
    assert "There is no such metric" in told(refused)[-1]
    assert Alias.objects.get().factor == 2


def test_staff_make_aliases_of_their_sites_and_their_own_alone(
    technician: User, administrator: User, client_for: Any, metric: Metric, site: Site
) -> None:
    technician.is_staff = True
    technician.save()
    staff = client_for(technician)
    sent = {"name": POWER, "source": "mqtt", "metric": metric.pk, "factor": 1, "sign": 1}
    assert "Choose a Site" in told(staff.post(f"{ALIASES}add/", sent))[-1]
    staff.post(f"{ALIASES}add/", {**sent, "owner": administrator.pk})
    assert not Alias.objects.exists()
    staff.post(f"{ALIASES}add/", {**sent, "site": site.pk})
    assert Alias.objects.get().site == site


def test_names_are_ignored_many_at_once(admin: Client) -> None:
    bring(Sender(OPERATOR, "mqtt"), {"a": [(0, 1)], "b": [(0, 1)], "c": [(0, 1)]})
    chosen = list(Discovered.objects.exclude(name="c").values_list("pk", flat=True))
    admin.post(NAMES, {"action": "ignore", "_selected_action": chosen})
    assert list(Discovered.objects.waiting().values_list("name", flat=True)) == ["c"]
    admin.post(NAMES, {"action": "take_back", "_selected_action": chosen})
    assert Discovered.objects.waiting().count() == 3
    assert admin.get(NAMES).status_code == 200
    assert admin.get(f"{NAMES}{chosen[0]}/change/").status_code == 200

"""The pages of names from outside: accepting them, ignoring them, and aliases."""

import re
from typing import Any

import pytest
from django.contrib.messages import get_messages

from accounts.models import User
from devices.models import Device
from ingest.models import Alias, Discovered
from ingest.sender import OPERATOR, Sender
from metrics.models import Metric
from sites.models import Site
from tests.support.factories import DeviceFactory, MetricFactory, SiteFactory
from tests.support.outside import POWER, bring, history

SOURCE = "Home Assistant"


@pytest.fixture
def sender(technician: User, site: Site) -> Sender:
    return Sender(technician, SOURCE, site.pk)


@pytest.fixture
def technicians(technician: User, client_for: Any) -> Any:
    return client_for(technician)


@pytest.fixture
def row(sender: Sender, device: Device) -> Discovered:
    """A name in kW that tells of the Device, with two readings that wait."""
    bring(sender, {POWER: [(0, 1), (60, 2.5)]}, unit="kW", device_name=device.name)
    return Discovered.objects.get()


def text(answer: Any) -> str:
    """The words of a page."""
    plain = re.sub(r"<[^>]*>", " ", answer.content.decode()).replace("\u202f", " ")
    return " ".join(plain.split())


def told(answer: Any) -> list[str]:
    return [str(message) for message in get_messages(answer.wsgi_request)]


def fields(form: Any, **changes: Any) -> dict[str, Any]:
    """What a browser sends of the form that it was shown."""
    return {**form.initial, "said": form.digest(), **changes}


def test_names_are_listed_with_a_guess(technicians: Any, row: Discovered, sender: Sender) -> None:
    bring(sender, {"quay/heatpump/power": [(0, 44.3)], "gate/relay": [(0, 1)]})
    words = text(technicians.get("/discovered/"))
    assert "3 names without a metric" in words
    assert "4 readings wait for one" in words
    assert "Gauge, kW" in words
    assert "Gauge, W?" in words  # the unit is guessed from the name
    assert "Gauge?" in words


def test_the_result_is_said_before_it_is_stored(
    technicians: Any, row: Discovered, device: Device, metric: Metric
) -> None:
    answer = technicians.get("/discovered/", {"accept": row.pk})
    assert answer.status_code == 200
    form = answer.context["form"]
    assert form.initial == {
        "device": device.pk,
        "key": "solar_power",
        "name": "Solar power",
        "unit": "W",
        "type": "gauge",
        "factor": 1000,
        "sign": 1,
    }
    assert "2.50 kW becomes 2.50 kW." in text(answer)
    assert "2 readings that wait are stored at once" in text(answer)
    assert "Main meter gets a new metric, Solar power, in W." in text(answer)
    done = technicians.post(f"/discovered/{row.pk}/accept/", fields(form))
    assert done.status_code == 302
    made = Metric.objects.get(key="solar_power")
    assert told(done) == [f"“{POWER}” stands for {made}: 2 readings were stored."]
    assert history(made) == {0: 1000.0, 60: 2500.0}


def test_a_form_that_was_changed_is_shown_once_more(
    technicians: Any, row: Discovered, metric: Metric
) -> None:
    form = technicians.get("/discovered/", {"accept": row.pk}).context["form"]
    changed = fields(form, key="active_power", sign=-1)
    answer = technicians.post(f"/discovered/{row.pk}/accept/", changed)
    assert answer.status_code == 200
    assert "2.50 kW becomes −2.50 kW." in text(answer)
    assert f"The metric {metric} exists" in text(answer)
    assert not Alias.objects.exists()
    assert history(metric) == {}
    changed["said"] = answer.context["form"].digest()
    assert technicians.post(f"/discovered/{row.pk}/accept/", changed).status_code == 302
    assert history(metric) == {0: -1000.0, 60: -2500.0}


def test_what_is_wrong_in_the_form_is_said(
    technicians: Any, row: Discovered, device: Device
) -> None:
    form = technicians.get("/discovered/", {"accept": row.pk}).context["form"]
    for change, field in (
        ({"device": 999_999}, "device"),
        ({"key": "Not a key"}, "key"),
        ({"unit": "KW"}, "unit"),
        ({"factor": 0}, "factor"),
        ({"factor": -1}, "factor"),
        ({"sign": 3}, "sign"),
    ):
        answer = technicians.post(f"/discovered/{row.pk}/accept/", fields(form, **change))
        assert answer.status_code == 400
        assert set(answer.context["form"].errors) == {field}
    assert not Alias.objects.exists()


def test_a_name_without_a_unit_asks_for_one(
    technicians: Any, sender: Sender, device: Device
) -> None:
    bring(sender, {"gate/relay": [(0, 1)]})
    row = Discovered.objects.get()
    answer = technicians.get("/discovered/", {"accept": row.pk})
    assert answer.context["form"].result() == []
    assert "Show what it does" in text(answer)
    sent = fields(answer.context["form"], unit="1", type="state")
    shown = technicians.post(f"/discovered/{row.pk}/accept/", sent)
    assert "1.00 becomes 1.00." in text(shown)


def test_only_devices_that_both_see_are_offered(
    technicians: Any, row: Discovered, device: Device, foreign_device: Device, technician: User
) -> None:
    elsewhere = DeviceFactory(site=SiteFactory(users=[technician]))
    form = technicians.get("/discovered/", {"accept": row.pk}).context["form"]
    assert [key for key, _ in form.fields["device"].choices][1:] == [device.pk]
    bring(Sender(technician, SOURCE), {"own": [(0, 1)]})
    own = Discovered.objects.get(name="own")
    form = technicians.get("/discovered/", {"accept": own.pk}).context["form"]
    assert {key for key, _ in form.fields["device"].choices[1:]} == {device.pk, elsewhere.pk}


def test_names_of_one_device_are_offered_together(
    technicians: Any, sender: Sender, site: Site, device: Device
) -> None:
    bring(sender, {"pump/power": [(0, 1)], "pump/flow": [(0, 1)]}, device_name="Heat pump")
    bring(sender, {"other": [(0, 1)]}, device_name="Alone")
    page = technicians.get("/discovered/")
    assert "2 names look like one device, Heat pump." in text(page)
    assert "one device, Alone" not in text(page)
    assert f'href="/sites/{site.pk}/devices/add/"' in page.content.decode()
    together = f"?site={site.pk}&amp;source=Home%20Assistant&amp;device_name=Heat%20pump"
    assert together in page.content.decode()
    shown = technicians.get("/discovered/", {"site": site.pk, "device_name": "Heat pump"})
    assert {row.name for row, _ in shown.context["rows"]} == {"pump/power", "pump/flow"}


def test_a_name_is_ignored_and_taken_back(technicians: Any, row: Discovered) -> None:
    technicians.post(f"/discovered/{row.pk}/ignore/")
    assert "Every name has a metric" in text(technicians.get("/discovered/"))
    assert POWER in text(technicians.get("/discovered/", {"state": "ignored"}))
    technicians.post(f"/discovered/{row.pk}/take-back/")
    assert POWER in text(technicians.get("/discovered/"))


@pytest.mark.parametrize("asked", ["x", "0", "9" * 30, "²"])
def test_a_form_for_no_name_is_a_404(technicians: Any, row: Discovered, asked: str) -> None:
    assert technicians.get("/discovered/", {"accept": asked}).status_code == 404


def test_technicians_are_led_to_names_that_wait(
    technicians: Any, row: Discovered, site: Site, standard: User, client_for: Any
) -> None:
    site_page = f"/sites/{site.pk}/"
    assert "1 without a metric" in text(technicians.get("/devices/"))
    assert "1 name without a metric" in text(technicians.get(site_page))
    for address in ("/devices/", site_page):
        assert "without a metric" not in text(client_for(standard).get(address))


def test_an_alias_is_added_edited_and_deleted(
    technicians: Any, row: Discovered, metric: Metric, site: Site, sender: Sender
) -> None:
    sent = {"name": POWER, "source": SOURCE, "site": site.pk, "metric": metric.pk}
    done = technicians.post("/aliases/add/", {**sent, "factor": 10, "sign": 1})
    assert done.status_code == 302
    assert history(metric) == {0: 10.0, 60: 25.0}
    alias = Alias.objects.get()
    again = technicians.post("/aliases/add/", {**sent, "factor": 10, "sign": 1})
    assert "already exists" in text(again)
    assert POWER in text(technicians.get("/aliases/"))
    edit = {"metric": metric.pk, "factor": 2, "sign": -1}
    assert technicians.post(f"/aliases/{alias.pk}/edit/", edit).status_code == 302
    bring(sender, {POWER: [(90, 1)]})
    assert history(metric) == {0: 10.0, 60: 25.0, 90: -2.0}
    technicians.post(f"/aliases/{alias.pk}/delete/")
    assert not Alias.objects.exists()
    assert history(metric) == {0: 10.0, 60: 25.0, 90: -2.0}


def test_an_alias_of_a_site_leads_to_no_other(
    technicians: Any, metric: Metric, site: Site, technician: User
) -> None:
    other = MetricFactory(device=DeviceFactory(site=SiteFactory(users=[technician])))
    sent = {"name": POWER, "source": SOURCE, "site": site.pk, "factor": 1, "sign": 1}
    answer = technicians.post("/aliases/add/", {**sent, "metric": other.pk})
    assert list(answer.context["form"].errors) == ["metric"]
    alias = Alias.objects.create(name=POWER, site=site, metric=metric)
    edit = {"metric": other.pk, "factor": 1, "sign": 1}
    assert "metric" in technicians.post(f"/aliases/{alias.pk}/edit/", edit).context["form"].errors


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("address", ["/discovered/", "/aliases/"])
def test_a_page_takes_the_same_number_of_queries_however_long(
    technicians: Any, sender: Sender, metric: Metric, count: int, address: str,
    django_assert_max_num_queries: Any,
) -> None:  # fmt: skip
    for index in range(count):
        bring(sender, {f"name {index}": [(0, 1)]})
        Alias.objects.create(name=f"known {index}", site_id=sender.site_id, metric=metric)
    with django_assert_max_num_queries(8):
        technicians.get(address)


def test_the_operators_names_are_shown_to_administrators(
    administrator: User, client_for: Any, technicians: Any
) -> None:
    bring(Sender(OPERATOR, "mqtt"), {POWER: [(0, 1)]})
    assert "the operator’s" in text(client_for(administrator).get("/discovered/"))
    assert POWER not in text(technicians.get("/discovered/"))

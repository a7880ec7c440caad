"""What a Metric's key, unit, type and rollover may be together, wherever they are set."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from rest_framework.test import APIClient

from accounts.models import User
from devices.models import Device
from metrics.models import Metric
from sites.models import Site
from tests.support.admin import formset
from tests.support.factories import MetricFactory

FORM = {"key": "pulses", "name": "Pulses", "unit": "1", "type": "counter", "expected_interval": 60}


class Doors:
    """Every way in which somebody defines a Metric; each answers with the messages of refusal.

    None means that the Metric was saved.
    """

    names = ("api", "api_change", "device_api", "page", "admin", "admin_inline")

    def __init__(self, device: Device, api: APIClient, page: Client, admin: Client) -> None:
        self.device = device
        self.clients: Any = {"api": api, "page": page, "admin": admin}

    def enter(self, door: str, **changes: Any) -> list[tuple[str, str]] | None:
        """(field, message) of each fault."""
        answer: list[tuple[str, str]] | None = getattr(self, f"_{door}")(FORM | changes)
        return answer

    def _api(self, body: dict[str, Any]) -> Any:
        return _problems(
            self.clients["api"].post("/api/v1/metrics/", body | {"device": self.device.pk})
        )

    def _api_change(self, body: dict[str, Any]) -> Any:
        metric = MetricFactory(device=self.device)
        return _problems(self.clients["api"].patch(f"/api/v1/metrics/{metric.pk}/", body))

    def _device_api(self, body: dict[str, Any]) -> Any:
        device = {"site": self.device.site_id, "name": "New", "kind": "grid_meter"}
        answer = self.clients["api"].post("/api/v1/devices/", device | {"metrics": [body]})
        faults = _problems(answer)
        return faults and [(field.removeprefix("metrics.0."), text) for field, text in faults]

    def _page(self, body: dict[str, Any]) -> Any:
        metric = MetricFactory(device=self.device)
        return _faults(self.clients["page"].post(f"/metrics/{metric.pk}/edit/", body))

    def _admin(self, body: dict[str, Any]) -> Any:
        url = "/admin/metrics/metric/add/"
        return _faults(self.clients["admin"].post(url, body | {"device": self.device.pk}))

    def _admin_inline(self, body: dict[str, Any]) -> Any:
        data = {"site": self.device.site_id, "name": "New", "kind": "inverter", "status": "active"}
        answer = self.clients["admin"].post(
            "/admin/devices/device/add/", data | formset("metrics", [body])
        )
        if answer.status_code == 302:
            return None
        forms = answer.context["inline_admin_formsets"][0].formset.forms
        return _listed(forms[0].errors)


def _problems(answer: Any) -> list[tuple[str, str]] | None:
    if answer.status_code in (200, 201):
        return None
    assert answer.status_code == 400, answer.content
    return [(error["field"], error["message"]) for error in answer.json()["errors"]]


def _faults(answer: Any) -> list[tuple[str, str]] | None:
    if answer.status_code == 302:
        return None
    context = answer.context
    form = context["adminform"].form if "adminform" in context else context["form"]
    return _listed(form.errors)


def _listed(errors: Any) -> list[tuple[str, str]]:
    return [(field, text) for field, texts in errors.items() for text in texts]


@pytest.fixture
def doors(
    device: Device,
    technician: User,
    administrator: User,
    api_client_for: Callable[[User], APIClient],
    client_for: Callable[[User], Client],
) -> Doors:
    """All doors, each with somebody who may pass it."""
    return Doors(
        device, api_client_for(technician), client_for(technician), client_for(administrator)
    )


every_door = pytest.mark.parametrize("door", Doors.names)


@every_door
def test_a_counter_may_say_where_its_register_begins_at_0_again(doors: Doors, door: str) -> None:
    assert doors.enter(door, rollover=65_536) is None
    assert Metric.objects.get(key="pulses").rollover == 65_536


@every_door
@pytest.mark.parametrize("kind", ["gauge", "state"])
def test_only_a_counter_has_a_rollover(doors: Doors, door: str, kind: str) -> None:
    faults = doors.enter(door, type=kind, rollover=65_536)
    message = f"Only a counter's register begins at 0 again; this is of type {kind}."
    assert faults == [("rollover", message)]
    assert not Metric.objects.filter(key="pulses").exists()


@every_door
@pytest.mark.parametrize("rollover", [0, -1])
def test_a_rollover_is_above_0(doors: Doors, door: str, rollover: float) -> None:
    faults = doors.enter(door, rollover=rollover)
    assert faults is not None
    assert [field for field, _ in faults] == ["rollover"]


def test_a_rollover_is_read_changed_and_taken_away_again(
    api_client_for: Callable[[User], APIClient], technician: User, device: Device
) -> None:
    client: Any = api_client_for(technician)
    counter = MetricFactory(device=device, key="pulses", unit="1", type="counter")
    url = f"/api/v1/metrics/{counter.pk}/"
    assert client.patch(url, {"rollover": 1e6}).json()["rollover"] == 1e6
    assert client.get(url).json()["rollover"] == 1e6
    assert client.patch(url, {"rollover": None}).json()["rollover"] is None


def test_a_counter_with_a_rollover_becomes_a_gauge_only_without_it(
    api_client_for: Callable[[User], APIClient], technician: User, device: Device
) -> None:
    client: Any = api_client_for(technician)
    counter = MetricFactory(device=device, key="pulses", type="counter", rollover=1e6)
    url = f"/api/v1/metrics/{counter.pk}/"
    assert client.patch(url, {"type": "gauge"}).json()["errors"][0]["field"] == "rollover"
    assert client.patch(url, {"type": "gauge", "rollover": None}).json()["type"] == "gauge"


def test_the_metrics_page_tells_the_rollover_and_leads_to_its_form(
    client_for: Callable[[User], Client], technician: User, standard: User, site: Site
) -> None:
    counter = MetricFactory(
        device__site=site, key="pulses", unit="kWh", type="counter", rollover=99_999
    )
    page = client_for(technician).get(f"/metrics/{counter.pk}/").content.decode()
    assert "Begins at 0 again at 99,999.0 kWh" in page
    assert f"/metrics/{counter.pk}/edit/" in page
    assert "/edit/" not in client_for(standard).get(f"/metrics/{counter.pk}/").content.decode()


@every_door
@pytest.mark.parametrize(
    ("key", "unit", "message"),
    [
        ("production_energy", "KWH", "Write kWh for KWH."),
        ("production_energy", "MWH", "one of Wh, mJ, Ws, J, mWh"),
        ("production_energy", "kW", "production_energy is in one of Wh"),
        ("import_energy", "VAh", "not in VAh"),
        ("import_energy", "1", "not in 1"),
    ],
)
def test_a_canonical_key_takes_units_of_its_dimension_alone(
    doors: Doors, door: str, key: str, unit: str, message: str
) -> None:
    faults = doors.enter(door, key=key, unit=unit)
    assert faults is not None
    assert [field for field, _ in faults] == ["unit"]
    assert message in faults[0][1]
    assert not Metric.objects.filter(key=key).exists()


@every_door
def test_a_canonical_key_takes_its_own_type_alone(doors: Doors, door: str) -> None:
    faults = doors.enter(door, key="production_energy", unit="GWh", type="gauge")
    assert faults == [("type", "production_energy is of type counter or interval.")]


@every_door
def test_a_canonical_key_takes_every_unit_of_its_dimension(doors: Doors, door: str) -> None:
    assert doors.enter(door, key="production_energy", unit="GWh") is None
    assert Metric.objects.get(key="production_energy").unit == "GWh"


@every_door
@pytest.mark.parametrize(
    ("unit", "meant"), [("KWH", "kWh"), ("degC", "°C"), ("RPM", "rpm"), ("Mbar", "mbar")]
)
def test_a_slip_in_the_unit_of_ones_own_key_is_told(
    doors: Doors, door: str, unit: str, meant: str
) -> None:
    assert doors.enter(door, unit=unit) == [("unit", f"Write {meant} for {unit}.")]


@every_door
@pytest.mark.parametrize("unit", ["S", "F", "mWh", "mVA", "kN", "furlong", "€", "pulses"])
def test_a_key_of_ones_own_takes_units_that_are_not_known(
    doors: Doors, door: str, unit: str
) -> None:
    assert doors.enter(door, unit=unit) is None


class TestStoredBefore:
    """Rows from before the rules."""

    @pytest.fixture
    def shouting(self, device: Device) -> Metric:
        """An energy counter in KWH."""
        metric: Metric = MetricFactory(
            device=device, key="consumption_energy", unit="KWH", type="counter"
        )
        return metric

    def test_they_are_read_and_renamed(
        self, api_client_for: Callable[[User], APIClient], technician: User, shouting: Metric
    ) -> None:
        client: Any = api_client_for(technician)
        url = f"/api/v1/metrics/{shouting.pk}/"
        assert client.get(url).json()["unit"] == "KWH"
        assert client.patch(url, {"name": "Energy"}).json()["name"] == "Energy"

    def test_a_form_leaves_them_as_they_are(
        self, client_for: Callable[[User], Client], technician: User, shouting: Metric
    ) -> None:
        body = FORM | {"key": shouting.key, "unit": shouting.unit, "name": "Energy"}
        answer = client_for(technician).post(f"/metrics/{shouting.pk}/edit/", body)
        assert answer.status_code == 302

    def test_they_are_put_right(
        self, api_client_for: Callable[[User], APIClient], technician: User, shouting: Metric
    ) -> None:
        client: Any = api_client_for(technician)
        answer = client.patch(f"/api/v1/metrics/{shouting.pk}/", {"unit": "kWh"})
        assert answer.json()["unit"] == "kWh"


@every_door
@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"key": "active_power_l1", "unit": "kWh", "type": "gauge"}, "unit"),
        ({"key": "voltage_l3", "unit": "KV", "type": "gauge"}, "unit"),
        ({"key": "import_energy_l2", "unit": "kWh", "type": "gauge"}, "type"),
    ],
)
def test_the_key_of_a_phase_takes_what_that_of_all_phases_takes(
    doors: Doors, door: str, changes: dict[str, str], fault: str
) -> None:
    faults = doors.enter(door, **changes)
    assert faults is not None
    assert [field for field, _ in faults] == [fault]


@every_door
@pytest.mark.parametrize(
    "changes",
    [
        {"key": "active_power_l1", "unit": "kW", "type": "gauge"},
        {"key": "import_energy_l3", "unit": "Wh"},
        {"key": "pulses_l1", "unit": "l"},
        {"key": "active_power_l4", "unit": "l"},
    ],
)
def test_phases_are_taken(doors: Doors, door: str, changes: dict[str, str]) -> None:
    assert doors.enter(door, **changes) is None


def test_the_metric_of_a_phase_is_described_by_its_key_alone(doors: Doors) -> None:
    answer = doors.clients["api"].post(
        "/api/v1/metrics/", {"device": doors.device.pk, "key": "import_energy_l2"}
    )
    made = answer.json()
    assert (made["name"], made["unit"], made["type"]) == ("Energy imported, L2", "Wh", "counter")

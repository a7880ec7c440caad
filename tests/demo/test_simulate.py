"""`manage.py simulate`: the demo's equipment goes on reporting."""

import os
import signal
from datetime import timedelta
from io import StringIO
from typing import Any

import numpy as np
import pytest
from django.core.management import call_command
from django.db import OperationalError
from django.utils import timezone

from demo.fleet import FLEET, SEED
from demo.management.commands import simulate
from demo.seeding import create_site
from demo.simulators.site import Simulation, SitePlan
from devices.kinds import DeviceStatus
from devices.models import Device
from energy.instants import to_micros
from history import get_store
from history.arrays import ReadingBatch
from metrics.models import Latest, Metric
from tests.support.factories import MetricFactory
from tests.support.readings import store_readings

MINUTE = 60_000_000
WIND = next(site for site in FLEET if site.slug == "sand-point-wind")


@pytest.fixture
def wind_site(db: None) -> None:
    create_site(WIND)


def run(**options: Any) -> str:
    said = StringIO()
    call_command("simulate", stdout=said, **options)
    return said.getvalue()


def last_minute() -> int:
    return to_micros(timezone.now()) // MINUTE * MINUTE


def history(metric: Metric) -> Any:
    return get_store().read([metric.pk], 0, 2**62)[metric.pk]


def give(metric: Metric, at: int, value: float = 1.0) -> None:
    store_readings(ReadingBatch.of([metric.pk], [at], [value]), now=timezone.now())


def give_all(at: int) -> None:
    for metric in Metric.objects.all():
        give(metric, at)


@pytest.mark.usefixtures("wind_site")
def test_what_is_due_since_the_last_readings_is_stored() -> None:
    begin = last_minute() - 90 * MINUTE
    give_all(begin)
    run(once=True)
    for metric in Metric.objects.all():
        samples = history(metric)
        assert np.all(np.diff(samples.timestamps) == MINUTE)
        assert samples.timestamps[0] == begin
        assert samples.timestamps[-1] >= begin + 90 * MINUTE


@pytest.mark.usefixtures("wind_site")
def test_stored_values_are_those_of_the_simulator() -> None:
    give_all(last_minute() - 5 * MINUTE)
    run(once=True)
    metric = Metric.objects.get(device__slug="turbine-1", key="production_energy")
    samples = history(metric)
    at = int(samples.timestamps[-1])
    (block,) = Simulation(WIND.plan, SEED).readings(at, at + 1)
    assert block.values["turbine-1", "production_energy"].tolist() == [samples.values[-1]]


@pytest.mark.usefixtures("wind_site")
def test_a_second_run_in_the_same_minute_stores_nothing() -> None:
    give_all(last_minute() + MINUTE)
    assert "Stored 0 readings" in run(once=True)


@pytest.mark.usefixtures("wind_site")
def test_a_long_gap_is_filled_only_as_far_as_allowed() -> None:
    give_all(last_minute() - 30 * 1440 * MINUTE)
    run(once=True, gap_days=1)
    stored = history(Metric.objects.filter(device__slug="turbine-1")[0])
    assert len(stored) in (1 + 1440, 1 + 1441)
    assert stored.timestamps[1] >= last_minute() - 1441 * MINUTE


@pytest.mark.usefixtures("wind_site")
def test_what_people_posted_is_not_overwritten() -> None:
    give_all(last_minute() - 10 * MINUTE)
    mine = Metric.objects.get(device__slug="turbine-1", key="active_power")
    give(mine, last_minute() + MINUTE, 123.0)
    run(once=True)
    assert history(mine).values.tolist() == [1.0, 123.0]
    assert Latest.objects.get(metric=mine).value == 123.0


@pytest.mark.usefixtures("wind_site")
def test_equipment_out_of_service_is_silent() -> None:
    give_all(last_minute() - 3 * MINUTE)
    Device.objects.filter(slug="turbine-2").update(status=DeviceStatus.MAINTENANCE)
    run(once=True)
    silent, running = (
        history(Metric.objects.get(device__slug=slug, key="active_power"))
        for slug in ("turbine-2", "turbine-1")
    )
    assert len(silent) == 1
    assert len(running) >= 4


@pytest.mark.usefixtures("wind_site")
def test_metrics_that_nothing_simulates_are_left_alone() -> None:
    own = MetricFactory(device=Device.objects.get(slug="turbine-1"))
    give_all(last_minute() + MINUTE)
    Latest.objects.filter(metric=own).update(timestamp=last_minute() - 9 * MINUTE)
    assert "Stored 0 readings" in run(once=True)
    assert len(history(own)) == 1


@pytest.mark.usefixtures("wind_site")
def test_deleted_metrics_are_not_missed() -> None:
    give_all(last_minute() - 3 * MINUTE)
    Metric.objects.get(device__slug="turbine-1", key="rotor_speed").delete()
    assert "Stored 0" not in run(once=True)


def test_without_a_demo_there_is_nothing_to_store(db: None) -> None:
    assert "Stored 0 readings" in run(once=True)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly(
    db: None, monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    def answer(plan: SitePlan) -> dict[Any, Any]:
        os.kill(os.getpid(), number)
        return {}

    monkeypatch.setattr(simulate, "feeds", answer)
    handler = signal.getsignal(number)
    assert run(interval=3600.0) == "Stopped.\n"
    assert signal.getsignal(number) is handler


@pytest.mark.usefixtures("wind_site")
def test_it_survives_a_database_that_is_away_for_a_while(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    attempts: list[str] = []

    def answer(plan: SitePlan) -> dict[Any, Any]:
        attempts.append(plan.slug)
        if len(attempts) <= 2:
            raise OperationalError("server closed the connection")
        os.kill(os.getpid(), signal.SIGTERM)
        return {}

    monkeypatch.setattr(simulate, "feeds", answer)
    monkeypatch.setattr(simulate.connection, "close", lambda: None)
    assert run(interval=0.001) == "Stopped.\n"
    assert [record.levelname for record in caplog.records] == ["WARNING", "WARNING"]
    assert "server closed the connection" in caplog.text


@pytest.mark.usefixtures("wind_site")
def test_metrics_stay_live() -> None:
    give_all(last_minute() - 3 * MINUTE)
    run(once=True)
    now = timezone.now()
    assert Metric.objects.in_state("live", now).count() == Metric.objects.count()
    assert Metric.objects.in_state("live", now + timedelta(seconds=59)).exists()

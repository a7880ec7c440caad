"""Whoever dies meanwhile, what the broker has acknowledged is stored, and is stored once."""

import signal
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.support.brokers import Broker, Gateway
from tests.support.consumers import ConsumerProcess, Installation, consumer
from tests.support.processes import wait_for

pytestmark = pytest.mark.mosquitto
START = datetime(2026, 6, 1, tzinfo=UTC)
MESSAGES = 3_000


def numbered(meter: int, count: int = MESSAGES) -> Iterator[tuple[str, Any]]:
    for number in range(count):
        measured = (START + timedelta(seconds=number)).isoformat()
        yield f"energy/depot/meter-{meter}/active_power", {"value": number, "timestamp": measured}


def expected(count: int = MESSAGES) -> list[tuple[int, float]]:
    return [(int(START.timestamp()) + number, float(number)) for number in range(count)]


def wait_for_all(installed: Installation, meter: int) -> None:
    wait_for(lambda: len(installed.readings(meter)) == MESSAGES, seconds=15, pause=0.1)
    assert installed.readings(meter) == expected()


def wait_for_some(installed: Installation, meter: int) -> None:
    wait_for(lambda: installed.readings(meter) != [], seconds=15)


def test_a_consumer_that_is_killed(mosquitto: Broker, installed: Installation) -> None:
    with Gateway(mosquitto) as gateway:
        with consumer(installed, mosquitto.url()) as killed:
            sent = [gateway.send(*message) for message in numbered(0)]
            wait_for_some(installed, 0)
            killed.process.send_signal(signal.SIGKILL)
        wait_for(lambda: all(each.is_published() for each in sent), seconds=15)
        with consumer(installed, mosquitto.url()):
            wait_for_all(installed, 0)


def test_a_broker_that_is_restarted(mosquitto: Broker, installed: Installation) -> None:
    with consumer(installed, mosquitto.url()), Gateway(mosquitto) as gateway:
        sent = [gateway.send(*message) for message in numbered(1)]
        wait_for_some(installed, 1)
        mosquitto.stop()
        mosquitto.start()
        wait_for(lambda: all(each.is_published() for each in sent), seconds=15)
        wait_for_all(installed, 1)


def test_a_database_that_is_stopped(mosquitto: Broker, installed: Installation) -> None:
    with consumer(installed, mosquitto.url()) as running, Gateway(mosquitto) as gateway:
        sent = [gateway.send(*message) for message in numbered(2)]
        wait_for_some(installed, 2)
        with installed.stopped():
            wait_for(lambda: all(each.is_published() for each in sent), seconds=15)
            wait_for(lambda: "The database is away" in running.log, seconds=15)
        wait_for_all(installed, 2)
        assert "Traceback" not in running.log


def test_a_consumer_that_is_told_to_stop(mosquitto: Broker, installed: Installation) -> None:
    with Gateway(mosquitto) as gateway:
        with consumer(installed, mosquitto.url()) as stopped:
            sent = [gateway.send(*message) for message in numbered(3)]
            wait_for_some(installed, 3)
            assert stopped.stop() == 0
            assert "Traceback" not in stopped.log
        wait_for(lambda: all(each.is_published() for each in sent), seconds=15)
        with consumer(installed, mosquitto.url()):
            wait_for_all(installed, 3)


def test_what_is_sent_while_nobody_listens(mosquitto: Broker, installed: Installation) -> None:
    with consumer(installed, mosquitto.url()):
        pass
    with Gateway(mosquitto) as gateway:
        gateway.send_all(numbered(4))
    mosquitto.stop()
    mosquitto.start()
    with consumer(installed, mosquitto.url()):
        wait_for_all(installed, 4)


def test_two_consumers_that_share_and_one_is_killed(
    mosquitto: Broker, installed: Installation
) -> None:
    def sharing(name: str) -> Any:
        settings = {"MQTT_SHARE": "all", "MQTT_CLIENT_ID": name}
        return consumer(installed, mosquitto.url(), **settings)

    with Gateway(mosquitto) as gateway, sharing("first"):
        with sharing("second") as killed:
            sent = [gateway.send(*message) for message in numbered(5)]
            wait_for_some(installed, 5)
            killed.process.send_signal(signal.SIGKILL)
        wait_for(lambda: all(each.is_published() for each in sent), seconds=15)
        with sharing("second") as again:
            wait_for_all(installed, 5)
            assert isinstance(again, ConsumerProcess)

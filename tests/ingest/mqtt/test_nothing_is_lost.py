"""Whoever dies meanwhile, what the broker has acknowledged is stored, and is stored once."""

import signal
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta

import pytest

from tests.support.brokers import Broker, Gateway
from tests.support.consumers import ConsumerProcess, Installation, consumer
from tests.support.processes import wait_for

pytestmark = [pytest.mark.mosquitto, pytest.mark.engine]
START = datetime(2026, 6, 1, tzinfo=UTC)
HALF = 1_000


class Numbered:
    """Numbered messages of a meter: half of them before something happens, and half after."""

    def __init__(self, installed: Installation, gateway: Gateway, meter: int) -> None:
        self._installed = installed
        self._gateway = gateway
        self._meter = meter
        self._sent: list[int] = []

    def send_half(self) -> None:
        for number in range(len(self._sent), len(self._sent) + HALF):
            measured = (START + timedelta(seconds=number)).isoformat()
            content = {"value": number, "timestamp": measured}
            topic = f"energy/depot/meter-{self._meter}/active_power"
            self._sent.append(self._gateway.send(topic, content))

    def wait_for_some(self) -> None:
        """Until something is stored."""
        wait_for(lambda: self._installed.readings(self._meter) != [])

    def wait_until_acknowledged(self) -> None:
        """Until the broker has acknowledged all."""
        wait_for(lambda: self._gateway.acknowledged.issuperset(self._sent))

    def wait_for_all(self) -> None:
        """Until all are stored, each once and as it was sent."""
        self.wait_until_acknowledged()
        first = int(START.timestamp())
        expected = [(first + number, float(number)) for number in range(2 * HALF)]
        wait_for(lambda: self._installed.readings(self._meter) == expected, pause=0.1)


def test_a_consumer_that_is_killed(mosquitto: Broker, installed: Installation) -> None:
    with Gateway(mosquitto) as gateway:
        numbered = Numbered(installed, gateway, 0)
        with consumer(installed, mosquitto.url()) as killed:
            numbered.send_half()
            numbered.wait_for_some()
            killed.process.send_signal(signal.SIGKILL)
            numbered.send_half()
        with consumer(installed, mosquitto.url()):
            numbered.wait_for_all()


def test_a_broker_that_is_restarted(mosquitto: Broker, installed: Installation) -> None:
    with consumer(installed, mosquitto.url()), Gateway(mosquitto) as gateway:
        numbered = Numbered(installed, gateway, 1)
        numbered.send_half()
        numbered.wait_for_some()
        mosquitto.stop()
        numbered.send_half()
        mosquitto.start()
        numbered.wait_for_all()


def test_a_database_that_is_stopped(mosquitto: Broker, installed: Installation) -> None:
    with consumer(installed, mosquitto.url()) as running, Gateway(mosquitto) as gateway:
        numbered = Numbered(installed, gateway, 2)
        numbered.send_half()
        numbered.wait_for_some()
        with installed.stopped():
            numbered.send_half()
            numbered.wait_until_acknowledged()
            wait_for(lambda: "The database is away" in running.log)
        numbered.wait_for_all()
        assert "Traceback" not in running.log


def test_a_consumer_that_is_told_to_stop(mosquitto: Broker, installed: Installation) -> None:
    with Gateway(mosquitto) as gateway:
        numbered = Numbered(installed, gateway, 3)
        with consumer(installed, mosquitto.url()) as stopped:
            numbered.send_half()
            numbered.wait_for_some()
            assert stopped.stop() == 0
            assert "Traceback" not in stopped.log
            numbered.send_half()
        with consumer(installed, mosquitto.url()):
            numbered.wait_for_all()


def test_what_waits_in_a_broker_that_is_restarted(
    mosquitto: Broker, installed: Installation
) -> None:
    with consumer(installed, mosquitto.url()):
        pass
    with Gateway(mosquitto) as gateway:
        numbered = Numbered(installed, gateway, 4)
        numbered.send_half()
        numbered.send_half()
        numbered.wait_until_acknowledged()
        mosquitto.stop()
        mosquitto.start()
        with consumer(installed, mosquitto.url()):
            numbered.wait_for_all()


def test_one_of_two_that_share_is_killed(mosquitto: Broker, installed: Installation) -> None:
    def sharing(name: str) -> AbstractContextManager[ConsumerProcess]:
        return consumer(installed, mosquitto.url(), MQTT_SHARE="all", MQTT_CLIENT_ID=name)

    with Gateway(mosquitto) as gateway, sharing("first"):
        numbered = Numbered(installed, gateway, 5)
        with sharing("second") as killed:
            numbered.send_half()
            numbered.wait_for_some()
            killed.process.send_signal(signal.SIGKILL)
            numbered.send_half()
        with sharing("second"):
            numbered.wait_for_all()


def test_an_end_while_the_database_is_away(mosquitto: Broker, installed: Installation) -> None:
    with Gateway(mosquitto) as gateway:
        numbered = Numbered(installed, gateway, 6)
        with consumer(installed, mosquitto.url()) as stopped, installed.stopped():
            numbered.send_half()
            wait_for(lambda: "The database is away" in stopped.log)
            assert stopped.stop() == 0
        numbered.send_half()
        with consumer(installed, mosquitto.url()):
            numbered.wait_for_all()


def test_a_second_consumer_of_the_same_name_loses_nothing(
    mosquitto: Broker, installed: Installation
) -> None:
    with Gateway(mosquitto) as gateway, consumer(installed, mosquitto.url()):
        numbered = Numbered(installed, gateway, 7)
        numbered.send_half()
        with consumer(installed, mosquitto.url()):
            numbered.send_half()
        numbered.wait_for_all()

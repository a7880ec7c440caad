"""`manage.py consume_mqtt`: readings from a broker, until it is stopped."""

import signal
import threading
from argparse import ArgumentParser
from collections.abc import Callable
from pathlib import Path
from time import monotonic
from typing import Any

from django.conf import settings
from django.core.checks import Error
from django.core.management.base import BaseCommand, CommandError

from ingest.mqtt.address import BrokerAddress
from ingest.mqtt.checks import check_mqtt, mapping_file
from ingest.mqtt.consumer import Consumer, ConsumerOptions
from ingest.mqtt.mapping import read_mapping

_BEAT_SECONDS = 1.0


class Command(BaseCommand):
    help = (
        "Store the readings that come by MQTT from the broker at MQTT_URL; MQTT_MAPPING names the "
        "file that says what other topics than energy/# mean. Each message is acknowledged once "
        "its readings are committed. Waits for a broker or database that is away. Ends on SIGTERM "
        "or SIGINT."
    )

    # They would load every page and form, and keep them; its own settings are checked below.
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--heartbeat", type=Path, help="a file to touch each second, as a sign of life"
        )

    def handle(self, *, heartbeat: Path | None = None, **options: Any) -> None:
        if not settings.MQTT_URL:
            raise CommandError("MQTT_URL is not set: where is the broker?")
        if wrong := [message.msg for message in check_mqtt() if isinstance(message, Error)]:
            raise CommandError("\n".join(wrong))
        mapping = read_mapping(mapping_file())
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        Consumer(_options(), mapping, stop, _beating(heartbeat)).run()
        self.stdout.write("Stopped.")


def _options() -> ConsumerOptions:
    return ConsumerOptions(
        BrokerAddress.of(settings.MQTT_URL),
        settings.MQTT_CLIENT_ID,
        settings.MQTT_CA_FILE,
        settings.MQTT_SHARE,
        settings.MQTT_REFUSED_TOPIC,
    )


def _beating(file: Path | None) -> Callable[[], None]:
    """What touches the file each second, however often it is called."""
    beaten_at = float("-inf")

    def beat() -> None:
        nonlocal beaten_at
        if file and monotonic() - beaten_at >= _BEAT_SECONDS:
            beaten_at = monotonic()
            file.touch()

    return beat

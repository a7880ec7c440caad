"""A real Mosquitto with the deployed configuration, and whoever sends to it."""

import json
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from tests.support.composition import ROOT
from tests.support.processes import free_port, listens, wait_for
from tests.support.stack import make_secrets

MOSQUITTO = "/usr/sbin/mosquitto"
CONFIGURATION = ROOT / "deploy" / "mosquitto" / "mosquitto.conf"


class Broker:
    """A Mosquitto on ports of its own, with the users `energy` and `gateway`."""

    def __init__(self, folder: Path) -> None:
        self.port, self.secure_port = free_port(), free_port()
        self.folder = folder
        self._secrets = make_secrets(folder) / "mosquitto"
        self.ca_file = self._secrets / "tls.crt"
        self.configuration = self._configure()
        self._log = (folder / "mosquitto.log").open("ab")
        self.process = self._start()

    @property
    def log(self) -> str:
        return (self.folder / "mosquitto.log").read_text(encoding="utf-8", errors="replace")

    def url(self, user: str = "energy") -> str:
        return f"mqtt://{user}:{self.password(user)}@127.0.0.1:{self.port}"

    def password(self, user: str) -> str:
        return (self._secrets / f"{user}-password").read_text()

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(timeout=10)

    def start(self) -> None:
        self.process = self._start()

    def _configure(self) -> Path:
        """The deployed configuration with this machine's paths, ports and user."""
        passwords = self.folder / "passwords"
        users = ("energy", "gateway")
        passwords.write_text("".join(f"{user}:{self.password(user)}\n" for user in users))
        subprocess.run(["mosquitto_passwd", "-U", str(passwords)], check=True)
        (self.folder / "data").mkdir()
        text = CONFIGURATION.read_text(encoding="utf-8")
        for before, after in (
            ("listener 1883", f"listener {self.port} 127.0.0.1"),
            ("listener 8883", f"listener {self.secure_port} 127.0.0.1"),
            ("/secrets", str(self._secrets)),
            ("/tmp/passwords", str(passwords)),
            ("/mosquitto/data", str(self.folder / "data")),
        ):
            assert before in text
            text = text.replace(before, after)
        path = self.folder / "mosquitto.conf"
        path.write_text(f"user root\n{text}", encoding="utf-8")
        return path

    def _start(self) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [MOSQUITTO, "-c", str(self.configuration)],
            stdout=self._log,
            stderr=subprocess.STDOUT,
        )
        wait_for(lambda: process.poll() is not None or listens(self.port))
        assert process.poll() is None, self.log
        return process


@contextmanager
def broker(folder: Path) -> Iterator[Broker]:
    """A broker that runs while the block lasts."""
    running = Broker(folder)
    try:
        yield running
    finally:
        running.process.kill()
        running.process.wait()


class Gateway:
    """A client in the field: sends, keeps sending what was not acknowledged, and hears."""

    def __init__(self, to: Broker, *topics: str) -> None:
        self.heard: list[MQTTMessage] = []
        self.acknowledged: set[int] = set()
        self._client = Client(
            CallbackAPIVersion.VERSION2, f"gateway-{time.monotonic_ns()}",
            protocol=MQTTProtocolVersion.MQTTv5,
        )  # fmt: skip
        self._client.username_pw_set("gateway", to.password("gateway"))
        self._client.reconnect_delay_set(1, 1)
        self._client.max_inflight_messages_set(500)
        self._client.on_message = lambda client, userdata, message: self.heard.append(message)
        self._client.on_publish = lambda client, userdata, mid, *rest: self.acknowledged.add(mid)
        self._client.connect("127.0.0.1", to.port)
        self._client.loop_start()
        wait_for(self._client.is_connected)
        for topic in topics:
            self._client.subscribe(topic, qos=1)

    def send(self, topic: str, content: Any, *, retain: bool = False) -> int:
        """Send a message; bytes as they are, anything else as JSON. Returns its number.

        A message that cannot be sent now is kept and sent when the broker is back.
        """
        payload = content if isinstance(content, bytes) else json.dumps(content).encode()
        return self._client.publish(topic, payload, qos=1, retain=retain).mid

    def letters(self) -> list[dict[str, Any]]:
        """What was heard, as JSON."""
        return [json.loads(message.payload) for message in self.heard]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._client.disconnect()
        self._client.loop_stop()

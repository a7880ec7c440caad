"""The connection to the broker. No other module knows the library that speaks MQTT."""

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from time import time_ns
from typing import Any

from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from ingest.mqtt.address import BrokerAddress
from ingest.mqtt.inbox import Delivery
from ingest.mqtt.messages import Message

# Messages that the broker sends before it waits for an acknowledgement.
MAX_UNACKNOWLEDGED = 2_000
MAX_PACKET_BYTES = 1024 * 1024
# Twice a lock's time limit: the connection outlives a batch that waits for the database.
KEEPALIVE = 120
# For how long the broker keeps what it could not deliver.
SESSION_SECONDS = 7 * 86_400
_CONNECT_SECONDS = 5.0
_AT_ONCE = 100  # filters in one packet
_AT_LEAST_ONCE = 1

logger = logging.getLogger("ingest.mqtt")


@dataclass(frozen=True, slots=True)
class TopicFilter:
    """A filter of topics. `retained`: whether the broker sends what it has kept each time."""

    filter: str
    qos: int = _AT_LEAST_ONCE
    retained: bool = False


class Connection:
    """A session with the broker that outlives connections; nothing happens but in `listen`.

    `on_delivery` is given each message and whether it may have come before; `on_session` is told
    after each connecting whether the broker still has the session; `on_published` which of the
    messages that were sent the broker has.
    """

    def __init__(
        self,
        address: BrokerAddress,
        client_id: str,
        ca_file: str,
        *,
        on_delivery: Callable[[Delivery, bool], None],
        on_session: Callable[[bool], None],
        on_published: Callable[[int], None],
    ) -> None:
        self.number = 0
        self.is_open = False
        self._address = address
        self._on_delivery = on_delivery
        self._on_session = on_session
        self._on_published = on_published
        self._asked: dict[int, Sequence[TopicFilter]] = {}
        self._client = self._make_client(client_id, ca_file)

    def _make_client(self, client_id: str, ca_file: str) -> Client:
        client = Client(
            CallbackAPIVersion.VERSION2, client_id, protocol=MQTTProtocolVersion.MQTTv5,
            manual_ack=True,
        )  # fmt: skip
        client.connect_timeout = _CONNECT_SECONDS
        if self._address.is_secure:
            client.tls_set(ca_file or None)
        if self._address.user:
            client.username_pw_set(self._address.user, self._address.password)
        client.on_connect = self._connected
        client.on_disconnect = self._disconnected
        client.on_message = self._received
        client.on_publish = self._published
        client.on_subscribe = self._subscribed
        return client

    def open(self) -> None:
        """Begin to connect; `is_open` says when the broker agreed. Raises OSError."""
        properties = Properties(PacketTypes.CONNECT)
        properties.SessionExpiryInterval = SESSION_SECONDS
        properties.ReceiveMaximum = MAX_UNACKNOWLEDGED
        properties.MaximumPacketSize = MAX_PACKET_BYTES
        self._client.connect(
            self._address.host, self._address.port, KEEPALIVE, clean_start=False,
            properties=properties,
        )  # fmt: skip

    def listen(self, seconds: float) -> bool:
        """Let something happen within `seconds`; False when the connection is lost."""
        return self._client.loop(seconds) is MQTTErrorCode.MQTT_ERR_SUCCESS

    def subscribe(self, subscriptions: Iterable[TopicFilter]) -> None:
        """Ask for topics. What is refused is logged."""
        left = list(subscriptions)
        while left:
            some, left = left[:_AT_ONCE], left[_AT_ONCE:]
            _, mid = self._client.subscribe([(each.filter, _options(each)) for each in some])
            if mid is not None:
                self._asked[mid] = some

    def acknowledge(self, mid: int) -> None:
        """Tell the broker that a message need not be sent again."""
        self._client.ack(mid, _AT_LEAST_ONCE)

    def publish(self, topic: str, payload: str | bytes, *, secured: bool) -> int:
        """Send a message; returns its number. What is `secured` is sent until the broker has it."""
        return self._client.publish(topic, payload, qos=int(secured)).mid

    def close(self) -> None:
        """Take leave, after all that was said has been sent."""
        while self._client.want_write() and self.listen(_CONNECT_SECONDS):
            continue
        self.is_open = False
        self._client.disconnect()

    def _connected(
        self, client: Client, userdata: Any, flags: ConnectFlags, reason: ReasonCode,
        properties: Properties | None,
    ) -> None:  # fmt: skip
        if reason.is_failure:
            logger.warning("The broker at %s refuses: %s", self._address, reason)
            return
        self.number += 1
        self.is_open = True
        logger.info("Connected to the broker at %s", self._address)
        self._on_session(flags.session_present)

    def _disconnected(
        self, client: Client, userdata: Any, flags: DisconnectFlags, reason: ReasonCode,
        properties: Properties | None,
    ) -> None:  # fmt: skip
        if self.is_open:
            logger.warning("The connection to the broker at %s is lost: %s", self._address, reason)
        self.is_open = False

    def _received(self, client: Client, userdata: Any, message: MQTTMessage) -> None:
        received_at = time_ns() // 1000
        taken = Message(_topic(message), bytes(message.payload), received_at, message.retain)
        mid = message.mid if message.qos else 0
        self._on_delivery(Delivery(taken, mid, self.number), message.dup)

    def _published(
        self, client: Client, userdata: Any, mid: int, reason: ReasonCode,
        properties: Properties | None,
    ) -> None:  # fmt: skip
        if reason.is_failure:
            logger.warning("The broker does not take what is sent to it: %s", reason)
        self._on_published(mid)

    def _subscribed(
        self, client: Client, userdata: Any, mid: int, reasons: list[ReasonCode],
        properties: Properties | None,
    ) -> None:  # fmt: skip
        for asked, reason in zip(self._asked.pop(mid, ()), reasons, strict=False):
            if reason.is_failure:
                logger.error("The broker refuses the topics %s: %s", asked.filter, reason)


def _options(subscription: TopicFilter) -> SubscribeOptions:
    handling = (
        SubscribeOptions.RETAIN_SEND_ON_SUBSCRIBE
        if subscription.retained
        else SubscribeOptions.RETAIN_SEND_IF_NEW_SUB
    )
    # Not "as published": so the flag is on old messages only, not on those that others will get.
    return SubscribeOptions(subscription.qos, retainAsPublished=False, retainHandling=handling)


def _topic(message: MQTTMessage) -> str:
    try:
        return message.topic
    except UnicodeDecodeError:
        return ""

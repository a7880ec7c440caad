"""The loop between broker and database: what is committed is acknowledged, and nothing before."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Event
from time import monotonic

from django.db import (
    DatabaseError,
    DataError,
    IntegrityError,
    InterfaceError,
    connections,
)

from ingest.mqtt import letters
from ingest.mqtt.address import BrokerAddress
from ingest.mqtt.complaints import Complaints
from ingest.mqtt.connection import Connection, TopicFilter
from ingest.mqtt.form import KeepaliveForm
from ingest.mqtt.inbox import Delivery, Inbox
from ingest.mqtt.mapping import Mapping
from ingest.mqtt.proposed import ProposedSeries
from ingest.mqtt.reading import Router
from ingest.mqtt.storing import Refusals, store_messages

LONGEST_PAUSE = 30.0  # s between attempts while broker or database is away
_LETTERS_SECONDS = 2.0  # that the end waits for the broker to take what was refused
_REST = 0.2  # s between looks at what may be back
_LISTEN = 0.05  # s; so that a batch is stored soon after it is due

# What a database raises that is away or not migrated yet; of that, what data can be to blame for.
_AWAY = (DatabaseError, InterfaceError)
_FAULTS = (DataError, IntegrityError)

logger = logging.getLogger("ingest.mqtt")


@dataclass(frozen=True, slots=True)
class ConsumerOptions:
    """Where to listen, under which name, and where to put what cannot be used."""

    address: BrokerAddress
    client_id: str
    ca_file: str = ""
    share: str = ""
    refused_topic: str = ""


@dataclass(slots=True)
class Pause:
    """Attempts that fail, each of which waits twice as long as the one before."""

    failures: int = 0
    until: float = 0.0

    def fail(self) -> None:
        self.until = monotonic() + min(LONGEST_PAUSE, 0.5 * 2**self.failures)
        self.failures = min(self.failures + 1, 10)

    def end(self) -> None:
        self.failures, self.until = 0, 0.0

    @property
    def is_over(self) -> bool:
        return monotonic() >= self.until


class Consumer:
    """Listens until `stop` is set, and calls `beat` at least once a second or so."""

    def __init__(
        self, options: ConsumerOptions, mapping: Mapping, stop: Event, beat: Callable[[], None]
    ) -> None:
        self._options = options
        self._mapping = mapping
        self._stop = stop
        self._beat = beat
        self._router = Router(mapping.rules)
        self._proposed = ProposedSeries(self._router, mapping.discovery)
        self._has_recalled = False
        self._inbox = Inbox()
        self._letters: dict[int, Delivery] = {}
        self._sent_at: dict[KeepaliveForm, float] = {}
        self._broker, self._database = Pause(), Pause()
        self._complaints = Complaints()
        self._connection = Connection(
            options.address, options.client_id, options.ca_file,
            on_delivery=self._delivered, on_session=self._began, on_published=self._published,
        )  # fmt: skip
        self._is_connected = False

    def run(self) -> None:
        """Return after `stop` was set and what had arrived is stored, as far as that can be."""
        while not self._stop.is_set():
            self._beat()
            if self._is_connected:
                self._listen()
            elif self._has_recalled and self._broker.is_over:
                self._connect()
            else:
                self._stop.wait(_REST)
            if self._database.is_over:
                self._use_database()
        self._finish()

    # The broker --------------------------------------------------------------------------

    def _connect(self) -> None:
        try:
            self._connection.open()
        except OSError as error:
            self._broker.fail()
            logger.warning("The broker at %s is away: %s", self._options.address, error)
        else:
            self._is_connected = True

    def _listen(self) -> None:
        if not self._connection.listen(_LISTEN):
            self._is_connected = False
            self._broker.fail()
        elif self._connection.is_open:
            self._broker.end()
            self._send_keepalives()

    def _began(self, is_known: bool) -> None:
        """Ask for the topics. The broker may know them, but the mapping may have changed."""
        if not is_known:
            self._inbox.forget_numbers()
        self._connection.subscribe(map(self._shared, self._router.filters))
        self._connection.subscribe(
            TopicFilter(each, qos=0, retained=True) for each in self._proposed.filters
        )
        self._sent_at.clear()

    def _shared(self, topic_filter: str) -> TopicFilter:
        share = self._options.share
        return TopicFilter(f"$share/{share}/{topic_filter}" if share else topic_filter)

    def _send_keepalives(self) -> None:
        now = monotonic()
        for keepalive in self._mapping.keepalives:
            sent_at = self._sent_at.get(keepalive)
            if sent_at is None or now - sent_at >= keepalive.every:
                payload = keepalive.first if sent_at is None else keepalive.payload
                self._connection.publish(keepalive.topic, payload, secured=False)
                self._sent_at[keepalive] = now

    def _delivered(self, delivery: Delivery, again: bool) -> None:
        if not delivery.mid and self._proposed.is_one(delivery.message):
            self._connection.subscribe(map(self._shared, self._proposed.hear(delivery.message)))
        elif known := self._inbox.add(delivery, again=again):
            self._connection.acknowledge(known.mid)
            self._inbox.acknowledged(known)
        elif self._inbox.is_full and not delivery.mid:
            self._complaints.say("Dropped a message on %s: too many wait", delivery.message.topic)

    # The database ------------------------------------------------------------------------

    def _use_database(self) -> None:
        """Do what the database is needed for; while it is away, all of that waits."""
        try:
            if not self._has_recalled:
                self._proposed.recall()
                self._has_recalled = True
            self._proposed.announce()
            self._store_due()
        except _AWAY as error:
            self._database.fail()
            logger.warning("The database is away; messages wait: %s", error)
            connections.close_all()
        else:
            self._database.end()

    def _store_due(self) -> None:
        batch = self._inbox.next_batch()
        refusals = self._store(batch) if batch else {}
        self._inbox.take(batch)
        for position, delivery in enumerate(batch):
            if reason := refusals.get(position):
                self._refuse(delivery, reason)
            else:
                self._settle(delivery)

    def _store(self, batch: Sequence[Delivery]) -> Refusals:
        """Store a batch; where one message of it defeats the code, all but that one.

        Raises whatever says that the database is away or not ready, which is no message's fault.
        """
        try:
            return store_messages([delivery.message for delivery in batch], self._router)
        except Exception as error:
            if isinstance(error, _AWAY) and not isinstance(error, _FAULTS):
                raise
            if len(batch) == 1:
                logger.exception("A message on %s cannot be stored", batch[0].message.topic)
                return {0: "The message cannot be stored; the log of the consumer says why."}
        half = len(batch) // 2
        before, behind = self._store(batch[:half]), self._store(batch[half:])
        return before | {half + position: reason for position, reason in behind.items()}

    def _settle(self, delivery: Delivery) -> None:
        if self._inbox.settle(delivery, self._connection.number):
            self._connection.acknowledge(delivery.mid)

    def _refuse(self, delivery: Delivery, reason: str) -> None:
        """Send a message on to where somebody can look at it; it is settled when it is there."""
        message, topic = delivery.message, self._options.refused_topic
        self._complaints.say("Refused a message on %s: %s", message.topic, reason)
        if not topic or message.topic == topic:
            self._settle(delivery)
            return
        number = self._connection.publish(topic, letters.letter(message, reason), secured=True)
        self._letters[number] = delivery

    def _published(self, number: int) -> None:
        if delivery := self._letters.pop(number, None):
            self._settle(delivery)

    def _finish(self) -> None:
        """Store what has arrived, and take leave: what is committed is acknowledged."""
        while self._inbox.waiting and not self._database.failures:
            self._inbox.hurry()
            self._use_database()
        deadline = monotonic() + _LETTERS_SECONDS
        while self._letters and self._is_connected and monotonic() < deadline:
            self._listen()
        if self._is_connected:
            self._connection.close()

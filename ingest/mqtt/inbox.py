"""Messages between their arrival and their acknowledgement.

A broker sends what was not acknowledged again, after each connection that is lost. What is known
already is not taken for new then: it is neither stored twice nor dated anew.
"""

from dataclasses import dataclass, field
from time import monotonic

from ingest.mqtt.messages import Message

BATCH = 1_000  # messages that are stored at once, at most
LONGEST_WAIT = 0.2  # s that a message waits for others
# Messages that nobody will send again, and that wait while the database is away; more are dropped.
MOST_UNSECURED = 10_000


@dataclass(slots=True, eq=False)
class Delivery:
    """A message as it was delivered: `mid` is its number, 0 where no acknowledgement is wanted.

    `connection` counts connections: only on the same one the number means this message. A message
    is `settled` once it is stored, or has turned out to be nothing to store.
    """

    message: Message
    mid: int
    connection: int
    settled: bool = False


@dataclass(slots=True)
class Inbox:
    """What waits to be stored, in the order of arrival, and what is still to be acknowledged."""

    waiting: list[Delivery] = field(default_factory=list)
    _open: dict[int, Delivery] = field(default_factory=dict)
    _unsecured: int = 0
    _since: float = 0.0

    @property
    def is_full(self) -> bool:
        """Whether further messages that nobody will send again are dropped."""
        return self._unsecured >= MOST_UNSECURED

    def add(self, delivery: Delivery, *, again: bool) -> Delivery | None:
        """Take what has arrived; returns what can be acknowledged at once, which is stored already.

        `again`: the broker says that it may have sent this before.
        """
        known = self._open.get(delivery.mid) if again and delivery.mid else None
        if known is not None and _is_same(known.message, delivery.message):
            known.connection = delivery.connection
            return known if known.settled else None
        if not delivery.mid:
            if self.is_full:
                return None
            self._unsecured += 1
        else:
            self._open[delivery.mid] = delivery
        if not self.waiting:
            self._since = monotonic()
        self.waiting.append(delivery)
        return None

    def hurry(self) -> None:
        """What waits, waits no longer."""
        self._since = float("-inf")

    def next_batch(self) -> list[Delivery]:
        """What is to be stored now; nothing while it can wait for more."""
        is_due = len(self.waiting) >= BATCH or monotonic() - self._since >= LONGEST_WAIT
        return self.waiting[:BATCH] if is_due else []

    def take(self, batch: list[Delivery]) -> None:
        """A batch that came from `next_batch` is stored, or else done with."""
        if not batch:
            return
        del self.waiting[: len(batch)]
        self._unsecured -= sum(1 for delivery in batch if not delivery.mid)
        self._since = monotonic()

    def settle(self, delivery: Delivery, connection: int) -> bool:
        """Whether a message is to be acknowledged now, on the connection that there is."""
        delivery.settled = True
        if not delivery.mid or self._open.get(delivery.mid) is not delivery:
            return False
        if delivery.connection != connection:
            return False  # It will be delivered again, and be known then.
        del self._open[delivery.mid]
        return True

    def acknowledged(self, delivery: Delivery) -> None:
        """A message that was delivered again was acknowledged."""
        self._open.pop(delivery.mid, None)

    def forget_numbers(self) -> None:
        """The broker has no session of ours: it will send nothing again under a number we know."""
        self._open.clear()


def _is_same(one: Message, other: Message) -> bool:
    return one.topic == other.topic and one.payload == other.payload

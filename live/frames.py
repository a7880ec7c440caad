"""What is written to a client: events and comments as Server-Sent Events has them."""

from datetime import datetime

import msgspec

MEDIA_TYPE = "text/event-stream"
HEARTBEAT = b": alive\n\n"
_LONGEST_ID = 18  # digits


class LiveReading(msgspec.Struct):
    """The newest reading of a Metric, in its `unit`."""

    metric: int
    timestamp: datetime
    value: float
    unit: str


def opening(retry_seconds: float) -> bytes:
    """What a stream begins with: after how long a client that lost it asks again."""
    return f"retry: {round(retry_seconds * 1000)}\n\n".encode()


def frame(number: int, reading: LiveReading) -> bytes:
    """An event; `number` is what a client resumes from."""
    return b"event: reading\nid: %d\ndata: %b\n\n" % (number, msgspec.json.encode(reading))


def resumed_from(last_event_id: str) -> int | None:
    """The number in a `Last-Event-ID`; None where there is none, or one that is not ours."""
    is_number = last_event_id.isascii() and last_event_id.isdigit()
    return int(last_event_id) if is_number and len(last_event_id) <= _LONGEST_ID else None

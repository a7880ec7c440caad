"""What becomes of a message that cannot be used: it is sent on, with the reason. Pure."""

from base64 import b64encode

import msgspec

from energy.instants import from_micros
from ingest.mqtt.messages import Message

_MOST_BYTES = 64 * 1024  # of a payload; what is longer is cut


def letter(message: Message, reason: str) -> bytes:
    """A JSON object with the topic, the reason, the time of arrival and the payload.

    A payload that is no UTF-8 is there in Base64, as `payload_base64`.
    """
    payload = message.payload[:_MOST_BYTES]
    said = {
        "topic": message.topic,
        "reason": reason,
        "received_at": from_micros(message.received_at).isoformat().replace("+00:00", "Z"),
    }
    try:
        return msgspec.json.encode(said | {"payload": payload.decode("utf-8")})
    except UnicodeDecodeError:
        return msgspec.json.encode(said | {"payload_base64": b64encode(payload).decode("ascii")})

"""A message as it came. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Message:
    """What arrived, and when: `received_at` in microseconds since 1970.

    `retained`: the broker had kept it for whoever would subscribe, for nobody knows how long.
    """

    topic: str
    payload: bytes
    received_at: int
    retained: bool = False

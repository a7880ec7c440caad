"""Warnings that may come thousands of times a second, and are worth a line now and then."""

import logging
from dataclasses import dataclass
from time import monotonic

SECONDS = 10.0  # between two lines

logger = logging.getLogger("ingest.mqtt")


@dataclass(slots=True)
class Complaints:
    """Says one at once, and those that follow with the next line, as a number."""

    _said_at: float = float("-inf")
    _unsaid: int = 0

    def say(self, line: str, *arguments: object) -> None:
        """Log a warning, or count it."""
        if monotonic() - self._said_at < SECONDS:
            self._unsaid += 1
            return
        more = f" (and {self._unsaid:,} more since the last line)" if self._unsaid else ""
        logger.warning(f"{line}{more}", *arguments)  # noqa: G004  # The number belongs to the line.
        self._said_at, self._unsaid = monotonic(), 0

"""A token bucket: how often a client may be sent something."""


class TokenBucket:
    """Lets `burst` flushes through at once, and then `rate` a second."""

    __slots__ = ("_burst", "_filled_at", "_rate", "_tokens")

    def __init__(self, burst: float, rate: float, now: float) -> None:
        self._burst = burst
        self._rate = rate
        self._tokens = burst
        self._filled_at = now

    def wait(self, now: float) -> float:
        """Seconds until the next flush may go; 0 where it may go now."""
        self._tokens = min(self._burst, self._tokens + (now - self._filled_at) * self._rate)
        self._filled_at = now
        return max(0.0, (1.0 - self._tokens) / self._rate)

    def take(self) -> None:
        """Count one flush."""
        self._tokens -= 1.0

"""When a message says that it was measured. Pure.

Devices write times as text or as a number since 1970, with a zone or without one.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from energy.instants import to_micros
from ingest.literals import read_timestamps
from ingest.mqtt.paths import MemberPath
from ingest.parsed import REASONS

_FARTHEST = 2**62  # microseconds before and after 1970
# Of a number, up to which one it counts seconds, milliseconds, microseconds, and then nanoseconds:
# as seconds, each of the limits is some three thousand years away.
_UNITS = ((1e11, 1e6), (1e14, 1e3), (1e17, 1.0), (float("inf"), 1e-3))
_BY_NAME = {"unix": 1e6, "unix-ms": 1e3}
# A date that is written in digits alone has eight of them.
_NUMBER = re.compile(r"\d{9,}(\.\d*)?", re.ASCII)
RFC_3339 = "rfc3339"
AUTO = "auto"


@dataclass(frozen=True, slots=True)
class TimeField:
    """Where a message says its time, and how.

    `format` is "rfc3339" (text with an offset), "auto" (ISO 8601, or a number since 1970 in
    whatever unit its size tells), "unix", "unix-ms", or a pattern of strptime. `zone` is that of
    texts without an offset; without it, such texts say nothing.
    """

    path: MemberPath
    format: str = AUTO
    zone: ZoneInfo | None = None

    def read(self, content: Any, received_at: int) -> int | None:
        """Microseconds since 1970; None where the message does not say.

        `received_at` decides which of two is meant where clocks show a time twice. Raises
        ValueError, with the reason in words, where what stands there is no time.
        """
        written = self.path.get(content)
        if written is None or written == "":
            return None
        if self.format == RFC_3339:
            return _rfc3339(written)
        try:
            instant = self._instant(written, received_at)
        except (ValueError, OverflowError) as error:
            raise ValueError(f"`{self.path.text}` is no time: {error}.") from error
        if instant is not None and abs(instant) > _FARTHEST:
            raise ValueError(f"`{self.path.text}` is no time: it is too far away.")
        return instant

    def _instant(self, written: Any, received_at: int) -> int | None:
        if isinstance(written, bool) or not isinstance(written, int | float | str):
            raise ValueError("neither a text nor a number")
        if "%" in self.format:
            moment = datetime.strptime(str(written), self.format)  # noqa: DTZ007  # Its zone follows.
            return self._placed(moment, received_at)
        if isinstance(written, str):
            if not _is_number(written):
                return self._placed(datetime.fromisoformat(written), received_at)
            written = float(written)
        return round(written * self._micros(abs(written)))

    def _micros(self, size: float) -> float:
        """How many microseconds one of the number is."""
        return _BY_NAME.get(self.format) or next(unit for limit, unit in _UNITS if size < limit)

    def _placed(self, moment: datetime, received_at: int) -> int | None:
        if moment.tzinfo is not None:
            return to_micros(moment)
        if self.zone is None:
            return None
        both = [to_micros(moment.replace(tzinfo=self.zone, fold=fold)) for fold in (0, 1)]
        return min(both, key=lambda instant: abs(instant - received_at))


def _is_number(text: str) -> bool:
    return bool(_NUMBER.fullmatch(text))


def _rfc3339(written: Any) -> int:
    try:
        (moment,) = read_timestamps([written])
        return to_micros(moment)
    except (msgspec.ValidationError, TypeError, OverflowError) as error:
        raise ValueError(REASONS["timestamp"]) from error

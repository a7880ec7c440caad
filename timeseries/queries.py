"""What may be asked of history, and what contradicts itself."""

from dataclasses import dataclass
from datetime import date, datetime

from energy.errors import DomainError
from history.buckets import RESOLUTIONS
from timeseries.fills import FILLS
from timeseries.summaries import AGGREGATES

DEFAULT_POINTS = 1_000
MAX_POINTS = 10_000  # a series, that `auto` may be asked for
CHOICES = {
    "resolution": ("auto", "raw", *RESOLUTIONS),
    "aggregate": AGGREGATES,
    "fill": FILLS,
    "time_format": ("rfc3339", "ms"),
}


@dataclass(frozen=True, kw_only=True)
class TimeSeriesQuery:
    """What is asked of history; the HTTP contract's parameters, with their defaults.

    `start` and `end`: aware datetimes, or dates meaning midnight in the zone. `time_zone`: None
    means the Metrics' Site's, and where Sites differ `own_time_zone`, the asker's.

    Raises DomainError, naming the field, for values outside the contract or contradicting others.
    """

    start: datetime | date | None = None
    end: datetime | date | None = None
    resolution: str = "auto"
    aggregate: str | None = None
    envelope: bool = False
    time_zone: str | None = None
    own_time_zone: str = "UTC"
    max_points: int = DEFAULT_POINTS
    fill: str = "null"
    cursor: str | None = None
    time_format: str = "rfc3339"

    def __post_init__(self) -> None:
        for field, choices in CHOICES.items():
            if getattr(self, field) not in (None, *choices):
                message = f"Choose one of {', '.join(choices)}."
                raise DomainError(message, code="invalid_choice", field=field)
        if not 1 <= self.max_points <= MAX_POINTS:
            message = f"Ask for 1 to {MAX_POINTS} points."
            raise DomainError(message, code="out_of_range", field="max_points")
        self._refuse_contradictions()

    def _refuse_contradictions(self) -> None:
        raw = self.resolution == "raw"
        filled = self.fill != "null"
        made_up = self.aggregate == "duration" and self.fill in ("previous", "linear")
        contradictions = (
            ("aggregate", raw and self.aggregate is not None, "Raw readings are not aggregated."),
            ("envelope", raw and self.envelope, "Raw readings have no envelope."),
            ("fill", raw and filled, "Raw readings have no empty buckets to fill."),
            ("fill", made_up, "How long a state lasted is not made up: fill null or none."),
            ("cursor", self.cursor is not None and not raw, "Only raw answers go on by a cursor."),
        )
        for field, contradicts, message in contradictions:
            if contradicts:
                raise DomainError(message, code="contradiction", field=field)

"""What a figure lacks, and why. Pure."""

from enum import StrEnum
from typing import Any, NamedTuple


class Reason(StrEnum):
    """Why a Device adds nothing to a figure, or not enough; the values are those of the API."""

    NEVER_REPORTED = "never_reported"
    STALE = "stale"
    NO_READINGS = "no_readings_in_period"
    GAPS = "gaps"
    CONTRADICTION = "contradiction"


class Missing(NamedTuple):
    """A Device of which a figure knows too little."""

    device: Any
    reason: Reason

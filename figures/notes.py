"""What pages say of figures that are known in part."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from django.urls import reverse

from figures.figures import Figure
from figures.missing import Reason

_WORDS = {
    Reason.NEVER_REPORTED: "has never reported",
    Reason.STALE: "is stale",
    Reason.NO_READINGS: "has no readings of this period",
    Reason.GAPS: "has gaps",
    Reason.CONTRADICTION: "contradicts other meters",
}


MOST_NAMED = 3  # Devices; the others are counted


class Note(NamedTuple):
    """How many of the Devices a figure is of, and which of the others there are.

    The first of them come with what is wrong; of the others it says how many they are.
    """

    known: int
    sources: int
    missing: list[tuple[Any, str]]
    further: int
    is_contradicted: bool

    @property
    def devices_url(self) -> str:
        """The list of the Devices of the Site, where the further ones are."""
        device, _ = self.missing[0]
        return f"{reverse('device-list')}?site={device.site_id}"


def note_of(figure: Figure) -> Note | None:
    """None where nothing is missing that matters: gaps matter where they leave no value."""
    told = [each for each in figure.missing if figure.value is None or each.reason != Reason.GAPS]
    if not told:
        return None
    return Note(
        figure.sources - len(told),
        figure.sources,
        [(each.device, _WORDS[each.reason]) for each in told[:MOST_NAMED]],
        len(told[MOST_NAMED:]),
        any(each.reason == Reason.CONTRADICTION for each in told),
    )


def shown_values(figures: Mapping[str, Figure]) -> dict[str, float | None]:
    """What pages show: what is known of each figure, beside which stands its note.

    Of a share of which too little is known, nothing: a part of it does not bound the whole.
    """
    return {
        name: figure.value if figure.unit == "%" else figure.partial
        for name, figure in figures.items()
    }

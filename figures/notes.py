"""What pages say of figures that are known in part."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from django.urls import reverse

from figures.figures import Figure
from figures.missing import Missing, Reason

_WORDS = {
    Reason.NEVER_REPORTED: "has never reported",
    Reason.STALE: "is stale",
    Reason.NO_READINGS: "has no readings of this period",
    Reason.GAPS: "has gaps",
    Reason.CONTRADICTION: "contradicts other meters",
}


MOST_NAMED = 3  # Devices; the others are counted


class Note(NamedTuple):
    """Of how many of the Devices a figure is, and which of the others there are.

    `part` says the first, where there is something to say; the first of the others come with what
    is wrong, and of those behind it says how many they are.
    """

    part: str
    missing: list[tuple[Any, str]]
    further: int

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
        _part_of(figure, told),
        [(each.device, _WORDS[each.reason]) for each in told[:MOST_NAMED]],
        len(told[MOST_NAMED:]),
    )


def _part_of(figure: Figure, told: Sequence[Missing]) -> str:
    """The sources of what is shown; nothing of meters that contradict one another."""
    known = figure.sources - len(told)
    if any(each.reason == Reason.CONTRADICTION for each in told):
        return ""
    if known and _shown(figure) is not None:
        return f"of {known} of {figure.sources} sources: "
    if not known and figure.sources > 1:
        return f"none of {figure.sources} sources is known: "
    return ""


def shown_values(figures: Mapping[str, Figure]) -> dict[str, float | None]:
    """What pages show: what is known of each figure, beside which stands its note.

    Of a share of which too little is known, nothing: a part of it does not bound the whole.
    """
    return {name: _shown(figure) for name, figure in figures.items()}


def _shown(figure: Figure) -> float | None:
    return figure.value if figure.unit == "%" else figure.partial

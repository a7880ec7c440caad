"""Where a Site's energy of a period came from and where it went, as its page shows it."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from django.utils.formats import date_format

from energy.errors import DomainError, HistoryAway
from figures.figures import Figures, site_figures
from figures.notes import Note, note_of
from figures.periods import read_period
from metrics.quantities import Scale, scale_for
from sites.models import Site

USES = {
    "consumption": ("Consumption", "consumption_energy"),
    "storage": ("Battery", "battery_charge_energy"),
    "grid": ("Grid", "grid_export_energy"),
}
SOURCES = {
    "production": ("Generation", "carrier-solar", "production_energy"),
    "grid": ("Grid", "carrier-grid", "grid_import_energy"),
    "storage": ("Battery", "carrier-battery", "battery_discharge_energy"),
}


class BalanceRow(NamedTuple):
    """What one source gave to each use, and in all, in Wh; None where unknown or impossible."""

    name: str
    style: str
    values: list[float | None]
    total: float | None


class EnergyBalance:
    """A Site's energy of the period that a page's query string names, of today otherwise.

    `today` are its figures of today. Where there is nothing to show, `error` says what is wrong
    with the period, or `is_away` that history does not answer.
    """

    uses = [name for name, _ in USES.values()]

    def __init__(
        self, site: Site, period: str, now: datetime, *, today: Figures, kilo: bool
    ) -> None:
        self._today = now.astimezone(ZoneInfo(site.time_zone)).date()
        self.period = "" if period in ("now", "today", self._today.isoformat()) else period
        self.error = ""
        self._figures = self._figures_of_period(site, now) if self.period else today
        self.is_away = not self.error and "consumption_energy" not in self._figures
        energies = [figure.value for figure in self._figures.values() if figure.unit == "Wh"]
        self.scale: Scale = scale_for("Wh", energies, kilo=kilo, room=10)

    def _figures_of_period(self, site: Site, now: datetime) -> Figures:
        """Empty while history is away, and where the period is an error."""
        try:
            return site_figures([site], now, read_period(self.period))[site.pk]
        except HistoryAway:
            return {}
        except DomainError as error:
            self.error = error.message
            return {}

    @property
    def heading(self) -> str:
        """What is shown."""
        if not self.period:
            return "Energy today"
        if self.error:
            return "Energy"
        return f"Energy of {_in_words(self.period)}"

    @property
    def periods(self) -> Iterator[tuple[str, str, bool]]:
        """(label, period, whether it is shown) of those that have a link."""
        yesterday = self._today - timedelta(days=1)
        last_month = self._today.replace(day=1) - timedelta(days=1)
        named = {
            "Today": "",
            "Yesterday": yesterday.isoformat(),
            "This week": f"{self._today:%G-W%V}",
            "This month": f"{self._today:%Y-%m}",
            "Last month": f"{last_month:%Y-%m}",
            "This year": f"{self._today:%Y}",
        }
        for label, period in named.items():
            yield label, period, period == self.period

    @property
    def rows(self) -> list[BalanceRow]:
        """A row for each source."""
        return [
            BalanceRow(name, style, [self._flow(source, use) for use in USES], self._value(total))
            for source, (name, style, total) in SOURCES.items()
        ]

    @property
    def totals(self) -> list[float | None]:
        """What each use took."""
        return [self._value(name) for _, name in USES.values()]

    @property
    def notes(self) -> list[tuple[str, float | None, Note]]:
        """(name, what is known of it, what is missing) of each total that is known in part."""
        totals = [(name, total) for name, _, total in SOURCES.values()]
        named = [*totals, *((f"To {name.lower()}", total) for name, total in USES.values())]
        figures = [(name, self._figures.get(total)) for name, total in named]
        noted = [(name, figure, note_of(figure)) for name, figure in figures if figure]
        return [(name, figure.partial, note) for name, figure, note in noted if note]

    @property
    def is_unknown(self) -> bool:
        """Whether there is nothing to show in any row."""
        totals = [row.total for row in self.rows] + self.totals
        return all(total is None for total in totals)

    @property
    def shares(self) -> Mapping[str, float | None]:
        """In percent; how much of the consumption is measured, where any of it is."""
        consumption = self._figures.get("consumption_energy")
        shares = {
            "Self-sufficiency": self._value("autarky"),
            "Self-consumption": self._value("self_consumption"),
        }
        if consumption is None or not consumption.coverage:
            return shares
        return shares | {"Measured": consumption.coverage * 100}

    def _flow(self, source: str, use: str) -> float | None:
        return self._value(f"{source}_to_{use}_energy")

    def _value(self, name: str) -> float | None:
        figure = self._figures.get(name)
        return None if figure is None else figure.value


def _in_words(period: str) -> str:
    """A period that there is: a day, a week, a month or a year."""
    year, _, week = period.partition("-W")
    if week:
        return f"week {int(week)} of {year}"
    if len(period) == len("2026"):
        return period
    is_day = len(period) > len("2026-06")
    first = date.fromisoformat(period if is_day else f"{period}-01")
    return date_format(first, "j F Y" if is_day else "F Y")

"""The figures of Sites as pages show them: one unit a group, directions in words."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from energy.errors import HistoryAway
from figures.figures import Figure, Figures, site_figures, site_powers
from figures.formulas import FORMULAS
from figures.notes import Note, note_of, shown_values
from metrics.quantities import Scale, direction, scale_for
from sites.models import Site

_SHARE = Scale(1.0, "%")

Values = Mapping[str, float | None]


class PowerRow(NamedTuple):
    """A Site in the list with what it does now, in base units; None is unknown.

    `notes` say of what is shown in part what is missing.
    """

    site: Site
    production: float | None
    consumption: float | None
    grid: float | None
    grid_direction: str
    state_of_charge: float | None
    notes: list[Note]


class FigureCard(NamedTuple):
    """One headline number of a Site; `style` is the CSS class of its colour."""

    name: str
    style: str
    value: float | None
    scale: Scale
    note: str
    missing: Note | None = None


def power_rows(sites: Sequence[Site], now: datetime) -> list[PowerRow]:
    """`sites` with their power now, however many, in one query."""
    powers = site_powers(sites, now)
    return [_power_row(site, powers[site.pk]) for site in sites]


def common_scale(rows: Iterable[PowerRow], *, kilo: bool) -> Scale:
    """One scale for all powers of the list."""
    powers = [power for row in rows for power in (row.production, row.consumption, row.grid)]
    return scale_for("W", powers, kilo=kilo, room=10)


def known_figures(site: Site, now: datetime) -> Figures:
    """The figures of now and today; those of now alone while history is away."""
    try:
        return site_figures([site], now)[site.pk]
    except HistoryAway:
        return site_powers([site], now)[site.pk]


def figure_cards(figures: Figures, *, kilo: bool) -> list[FigureCard]:
    """The five figures at the top of a Site's page."""
    values = dict.fromkeys(FORMULAS) | shown_values(figures)
    notes = {name: note_of(figure) for name, figure in figures.items()}
    power = scale_for("W", _values_ending("_power", values), kilo=kilo)
    energy = scale_for("Wh", _values_ending("_energy", values), kilo=kilo)

    def today(name: str) -> str:
        return f"Today {energy.text(values[f'{name}_energy'])}"

    return [
        FigureCard(
            "Generation",
            "carrier-solar",
            values["production_power"],
            power,
            today("production"),
            notes["production_power"],
        ),
        FigureCard(
            "Consumption",
            "carrier-load",
            values["consumption_power"],
            power,
            today("consumption"),
            notes["consumption_power"],
        ),
        _grid_card(values, power, energy)._replace(missing=notes["grid_power"]),
        _battery_card(values, power)._replace(missing=notes["battery_power"]),
        FigureCard(
            "Self-sufficiency today",
            "",
            values["autarky"],
            _SHARE,
            f"Self-consumption {_SHARE.text(values['self_consumption'])}",
            notes.get("autarky"),
        ),
    ]


def _grid_card(values: Values, power: Scale, energy: Scale) -> FigureCard:
    grid = values["grid_power"]
    imported = energy.text(values["grid_import_energy"])
    exported = energy.text(values["grid_export_energy"])
    return FigureCard(
        _with_direction("Grid", direction("grid_meter", "active_power", grid)),
        "carrier-grid",
        _magnitude(grid),
        power,
        f"Today {imported} in, {exported} out",
    )


def _battery_card(values: Values, power: Scale) -> FigureCard:
    battery = values["battery_power"]
    return FigureCard(
        _with_direction("Battery", direction("battery", "active_power", battery)),
        "carrier-battery",
        values["state_of_charge"],
        _SHARE,
        power.text(_magnitude(battery)),
    )


def _power_row(site: Site, figures: Figures) -> PowerRow:
    values = shown_values(figures)
    grid = values["grid_power"]
    shown = (figures[name] for name in ("production_power", "consumption_power", "grid_power"))
    return PowerRow(
        site=site,
        production=values["production_power"],
        consumption=values["consumption_power"],
        grid=_magnitude(grid),
        grid_direction=direction("grid_meter", "active_power", grid),
        state_of_charge=values["state_of_charge"],
        notes=_told_once(shown),
    )


def _told_once(figures: Iterable[Figure]) -> list[Note]:
    """The notes of figures, those about the same Devices once."""
    notes = {figure.missing: note_of(figure) for figure in figures}
    return [note for note in notes.values() if note]


def _values_ending(suffix: str, values: Values) -> list[float | None]:
    return [value for name, value in values.items() if name.endswith(suffix)]


def _magnitude(value: float | None) -> float | None:
    return None if value is None else abs(value)


def _with_direction(name: str, word: str) -> str:
    return f"{name}, {word}" if word else name

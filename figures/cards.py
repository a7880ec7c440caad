"""The figures of Sites as pages show them: one unit a group, directions in words."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from energy.errors import HistoryAway
from figures.figures import Figures, site_figures, site_powers
from figures.formulas import FORMULAS
from metrics.quantities import Scale, direction, scale_for
from sites.models import Site

_SHARE = Scale(1.0, "%")

Values = Mapping[str, float | None]


@dataclass(frozen=True, slots=True)
class PowerRow:
    """A Site in the list with what it does now, in base units; None is unknown."""

    site: Site
    production: float | None
    consumption: float | None
    grid: float | None
    grid_direction: str
    state_of_charge: float | None


@dataclass(frozen=True, slots=True)
class FigureCard:
    """One headline number of a Site; `style` is the CSS class of its colour."""

    name: str
    style: str
    value: float | None
    unit: str
    scale: Scale
    note: str


def power_rows(sites: Sequence[Site], now: datetime) -> list[PowerRow]:
    """`sites` with their power now, however many, in one query."""
    powers = site_powers(sites, now)
    return [_power_row(site, powers[site.pk]) for site in sites]


def common_scale(rows: Iterable[PowerRow], *, kilo: bool) -> Scale:
    """One scale for all powers of the list."""
    powers = [power for row in rows for power in (row.production, row.consumption, row.grid)]
    return scale_for("W", powers, kilo=kilo, room=10)


def known_figures(site: Site, now: datetime) -> Figures:
    """Those of now and today; those of now alone, while history is away."""
    try:
        return site_figures([site], now)[site.pk]
    except HistoryAway:
        return site_powers([site], now)[site.pk]


def figure_cards(figures: Figures, *, kilo: bool) -> list[FigureCard]:
    """The five figures at the top of a Site's page."""
    values = dict.fromkeys(FORMULAS) | _values(figures)
    power = scale_for("W", _ending(values, "_power"), kilo=kilo)
    energy = scale_for("Wh", _ending(values, "_energy"), kilo=kilo)
    return [
        FigureCard(
            name="Generation",
            style="carrier-solar",
            value=values["production_power"],
            unit="W",
            scale=power,
            note=f"Today {energy.text(values['production_energy'])}",
        ),
        FigureCard(
            name="Consumption",
            style="carrier-load",
            value=values["consumption_power"],
            unit="W",
            scale=power,
            note=f"Today {energy.text(values['consumption_energy'])}",
        ),
        _grid_card(values, power, energy),
        _battery_card(values, power),
        FigureCard(
            name="Self-sufficiency today",
            style="",
            value=values["autarky"],
            unit="%",
            scale=_SHARE,
            note=f"Self-consumption {_SHARE.text(values['self_consumption'])}",
        ),
    ]


def _grid_card(values: Values, power: Scale, energy: Scale) -> FigureCard:
    grid = values["grid_power"]
    drawn, fed = (
        energy.text(values["grid_import_energy"]),
        energy.text(values["grid_export_energy"]),
    )
    return FigureCard(
        name=_named("Grid", direction("grid_meter", "active_power", grid)),
        style="carrier-grid-out" if (grid or 0) < 0 else "carrier-grid-in",
        value=_size(grid),
        unit="W",
        scale=power,
        note=f"Today {drawn} in, {fed} out",
    )


def _battery_card(values: Values, power: Scale) -> FigureCard:
    battery = values["battery_power"]
    return FigureCard(
        name=_named("Battery", direction("battery", "active_power", battery)),
        style="carrier-battery-out" if (battery or 0) > 0 else "carrier-battery-in",
        value=values["state_of_charge"],
        unit="%",
        scale=_SHARE,
        note=power.text(_size(battery)),
    )


def _power_row(site: Site, figures: Figures) -> PowerRow:
    values = _values(figures)
    grid = values["grid_power"]
    return PowerRow(
        site=site,
        production=values["production_power"],
        consumption=values["consumption_power"],
        grid=_size(grid),
        grid_direction=direction("grid_meter", "active_power", grid),
        state_of_charge=values["state_of_charge"],
    )


def _values(figures: Figures) -> dict[str, float | None]:
    return {name: figure.value for name, figure in figures.items()}


def _ending(values: Values, suffix: str) -> list[float | None]:
    return [value for name, value in values.items() if name.endswith(suffix)]


def _size(value: float | None) -> float | None:
    return None if value is None else abs(value)


def _named(name: str, word: str) -> str:
    return f"{name}, {word}" if word else name

"""The figures of Sites: power now, energy of a period, its flows, autarky, self-consumption."""

from metrics.figures.figures import Figure, Figures, site_figures, site_powers
from metrics.figures.formulas import ENERGIES, FLOWS, FORMULAS, POWERS, SHARES
from metrics.figures.periods import read_period

__all__ = [
    "ENERGIES",
    "FLOWS",
    "FORMULAS",
    "POWERS",
    "SHARES",
    "Figure",
    "Figures",
    "read_period",
    "site_figures",
    "site_powers",
]

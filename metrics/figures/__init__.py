"""The figures of Sites: power now, energy since local midnight, autarky and self-consumption."""

from metrics.figures.figures import Figure, Figures, site_figures, site_powers

__all__ = ["Figure", "Figures", "site_figures", "site_powers"]

"""What a Site exchanged, and the seven flows it is made of. Pure.

As OpenEMS splits them (its channels `ProductionToConsumptionEnergy` and the six beside it):
production serves consumption first, then charges, and the rest is exported; what the battery
discharges serves consumption before it is exported; the grid does what is left.
"""

from dataclasses import dataclass

import numpy as np

from history.arrays import Floats


@dataclass(frozen=True, slots=True)
class Flows:
    """From where energy went where in each bucket, float64[buckets] each, none negative.

    Nothing flows from grid to grid, or from storage to storage.
    """

    production_to_consumption: Floats
    production_to_storage: Floats
    production_to_grid: Floats
    grid_to_consumption: Floats
    grid_to_storage: Floats
    storage_to_consumption: Floats
    storage_to_grid: Floats


@dataclass(frozen=True, slots=True)
class Energies:
    """What a Site exchanged in each bucket, float64[buckets] each, in one unit."""

    production: Floats
    consumption: Floats
    imported: Floats
    exported: Floats
    charged: Floats
    discharged: Floats

    def flows(self) -> Flows:
        """The seven flows.

        Where what came in equals what went out, the flows from each source add up to what it gave
        and those to each sink to what it took. Meters are not read at the same instant, so the
        balance of a bucket may not hold: even then no flow exceeds its source or its sink.
        """
        used = np.maximum(self.consumption, 0)
        # What came and went through the same meter within a bucket is no flow.
        through_grid = np.clip(self.imported - used - self.charged, 0, self.exported)
        imported, exported = self.imported - through_grid, self.exported - through_grid
        through_storage = np.clip(self.discharged - used - exported, 0, self.charged)
        charged, discharged = self.charged - through_storage, self.discharged - through_storage
        # Production first covers the export and the charging that nothing else can.
        direct = _least(
            self.production,
            used,
            self.production + discharged - exported,
            self.production + imported - charged,
        )
        lacking, surplus = used - direct, self.production - direct
        from_storage = _least(discharged, lacking, lacking + charged - imported)
        from_grid = _least(imported, lacking - from_storage)
        grid_charged = _least(imported - from_grid, charged)
        stored = _least(surplus, charged - grid_charged)
        storage_exported = _least(discharged - from_storage, exported)
        return Flows(
            production_to_consumption=direct,
            production_to_storage=stored,
            production_to_grid=_least(surplus - stored, exported - storage_exported),
            grid_to_consumption=from_grid,
            grid_to_storage=grid_charged,
            storage_to_consumption=from_storage,
            storage_to_grid=storage_exported,
        )


def share_without(part: Floats, whole: Floats) -> float | None:
    """1 − part / whole over all buckets, 0 to 1; None where there is no whole."""
    if whole.sum() <= 0:
        return None
    # Meters that are read at different moments can show a little more of the part than the whole.
    return float(np.clip(1 - part.sum() / whole.sum(), 0, 1))


def _least(*amounts: Floats) -> Floats:
    return np.maximum(np.minimum.reduce(amounts), 0)

"""How each figure is computed, for answers and for `docs/figures.md`. Pure."""

_PRODUCERS = (
    "inverters, wind turbines and gensets; of PV arrays while no inverter in service measures them"
)

POWERS = {
    "production_power": f"Σ latest power of {_PRODUCERS}",
    "consumption_power": "grid_power + production_power + battery_power; "
    "without a grid meter in service Σ latest power of loads, EV chargers and heat pumps",
    "grid_power": "Σ latest power of grid meters; import is positive",
    "battery_power": "Σ latest power of batteries; discharge is positive",
    "state_of_charge": "mean of the batteries' latest state of charge",
}
ENERGIES = {
    "production_energy": f"Σ energy produced by {_PRODUCERS}",
    "consumption_energy": "grid_import_energy + production_energy + battery_discharge_energy "
    "− grid_export_energy − battery_charge_energy; "
    "without a grid meter in service Σ energy of loads, EV chargers and heat pumps",
    "grid_import_energy": "Σ energy imported through grid meters",
    "grid_export_energy": "Σ energy exported through grid meters",
    "battery_charge_energy": "Σ energy charged into batteries",
    "battery_discharge_energy": "Σ energy discharged from batteries",
}
# Of each quarter hour: P production, C consumption, I import, E export, L charge, D discharge.
FLOWS = {
    "production_to_consumption_energy": "Σ min(P, C, P + D − E, P + I − L)",
    "production_to_storage_energy": "Σ L − grid_to_storage",
    "production_to_grid_energy": "Σ P − production_to_consumption − production_to_storage",
    "grid_to_consumption_energy": "Σ C − production_to_consumption − storage_to_consumption",
    "grid_to_storage_energy": "Σ I − grid_to_consumption",
    "storage_to_consumption_energy": "Σ min(D, C − production_to_consumption, "
    "C − production_to_consumption + L − I)",
    "storage_to_grid_energy": "Σ D − storage_to_consumption",
}
SHARES = {
    "autarky": "1 − grid_to_consumption_energy / consumption_energy",
    "self_consumption": "1 − production_to_grid_energy / production_energy",
}
FORMULAS = POWERS | ENERGIES | FLOWS | SHARES

"""What a Device can be."""

from django.db import models


class DeviceKind(models.TextChoices):
    """The kind of a Device; `metrics.vocabulary` lists what each kind measures."""

    GRID_METER = "grid_meter", "Grid meter"
    PV_ARRAY = "pv_array", "PV array"
    INVERTER = "inverter", "Inverter"
    BATTERY = "battery", "Battery"
    WIND_TURBINE = "wind_turbine", "Wind turbine"
    LOAD_METER = "load_meter", "Load meter"
    EV_CHARGER = "ev_charger", "EV charger"
    HEAT_PUMP = "heat_pump", "Heat pump"
    GENSET = "genset", "Genset"
    WEATHER_STATION = "weather_station", "Weather station"


class DeviceStatus(models.TextChoices):
    """Whether a Device is in service, which people set by hand."""

    ACTIVE = "active", "Active"
    MAINTENANCE = "maintenance", "In maintenance"
    RETIRED = "retired", "Retired"

"""The icon of each kind of Device, and the colour of its energy carrier."""

from django import template

from devices.kinds import DeviceKind

register = template.Library()

_LOOKS = {
    DeviceKind.GRID_METER: ("pylon", "grid"),
    DeviceKind.PV_ARRAY: ("sun", "solar"),
    DeviceKind.INVERTER: ("inverter", "solar"),
    DeviceKind.BATTERY: ("battery", "battery"),
    DeviceKind.WIND_TURBINE: ("wind", "wind"),
    DeviceKind.LOAD_METER: ("meter", "load"),
    DeviceKind.EV_CHARGER: ("charger", "ev"),
    DeviceKind.HEAT_PUMP: ("heat", "heat"),
    DeviceKind.GENSET: ("engine", "genset"),
    DeviceKind.WEATHER_STATION: ("weather", "none"),
}


@register.filter
def kind_icon(kind: str) -> str:
    """The name of the kind's icon in the sprite."""
    return _LOOKS[DeviceKind(kind)][0]


@register.filter
def carrier(kind: str) -> str:
    """The CSS class that sets the colour of the kind's energy carrier."""
    return f"carrier-{_LOOKS[DeviceKind(kind)][1]}"

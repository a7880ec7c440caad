"""The layouts that are known by name: how each is recognised, and what it says beyond its rows."""

import re
from dataclasses import dataclass, field

from ingest.layouts.dates import DAY_FIRST, MONTH_FIRST
from ingest.layouts.meanings import ColumnMeaning

OWN = "own"
GREEN_BUTTON = "green_button"
INFLUX = "influx"
WIDE = "wide"
UK = "uk_half_hourly"
EMONCMS = "emoncms"


@dataclass(frozen=True, slots=True)
class Profile:
    """A layout: `marks` are found in the first lines of its files and in those of no other.

    `zone` is the one that its times are in, `order` that of day and month, where it is always the
    same. `time` and `clock` name the columns of the time, `named_by` those that name a row's
    series, `ignored` those that hold nothing to store. `meanings` say what columns hold whose names
    do not tell it.
    """

    name: str
    label: str
    marks: str = ""
    zone: str = ""
    order: str = ""
    time_is: str = ""
    time: str = ""
    clock: str = ""
    named_by: str = ""
    ignored: str = ""
    meanings: dict[str, ColumnMeaning] = field(default_factory=dict)

    def claims(self, head: str) -> bool:
        """Whether the first lines of a file are those of this layout."""
        return bool(self.marks) and bool(re.search(self.marks, head, _FLAGS))

    def meaning(self, name: str) -> ColumnMeaning | None:
        """What a column of this name holds, where the layout says it."""
        for pattern, meaning in self.meanings.items():
            if re.fullmatch(pattern, name, re.IGNORECASE):
                return meaning
        return None


_FLAGS = re.IGNORECASE | re.MULTILINE
_GAUGE, _COUNTER, _INTERVAL = "gauge", "counter", "interval"
_OPENEMS = {
    r".*ActivePower(?:L[123])?\b.*": ColumnMeaning("W", "active_power", _GAUGE),
    r".*Soc\b.*": ColumnMeaning("%", "state_of_charge", _GAUGE),
    r".*GridBuyActiveEnergy.*": ColumnMeaning("Wh", "import_energy", _COUNTER),
    r".*GridSellActiveEnergy.*": ColumnMeaning("Wh", "export_energy", _COUNTER),
    r".*ChargeEnergy.*": ColumnMeaning("Wh", "charge_energy", _COUNTER),
    r".*DischargeEnergy.*": ColumnMeaning("Wh", "discharge_energy", _COUNTER),
    r".*ConsumptionActiveEnergy.*": ColumnMeaning("Wh", "consumption_energy", _COUNTER),
    r".*Production(?:Dc|Ac)?ActiveEnergy.*": ColumnMeaning("Wh", "production_energy", _COUNTER),
    r".*ActiveProductionEnergy.*": ColumnMeaning("Wh", "production_energy", _COUNTER),
}  # fmt: skip
_PVGIS = {
    r"P": ColumnMeaning("W", "active_power", _GAUGE),
    r"G\([ih]\)|GHI": ColumnMeaning("W/m²", "irradiance", _GAUGE),
    r"G[bdr]\(\w\)|IR\(h\)": ColumnMeaning("W/m²", "", _GAUGE),
    r"H_sun|WD10m": ColumnMeaning("°", "", _GAUGE),
    r"T2m": ColumnMeaning("°C", "ambient_temperature", _GAUGE),
    r"RH": ColumnMeaning("%", "", _GAUGE),
    r"WS10m": ColumnMeaning("m/s", "wind_speed", _GAUGE),
    r"SP": ColumnMeaning("Pa", "", _GAUGE),
}  # fmt: skip

PROFILES = (
    Profile(
        OWN, "This system's own export",
        marks=r'\A"?(?=[^\n]*\btimestamp\b)(?=[^\n]*\bvalue\b)(?=[^\n]*\b(?:metric|key)\b)'
        r'[a-z",;\t ]+$',
        time="timestamp", named_by="site|device|key|unit|metric",
    ),
    Profile(
        "home_assistant", "Home Assistant history",
        marks=r'^"?entity_id"?[,;\t]"?state"?[,;\t]"?last_(changed|updated)', zone="UTC",
        time="last_changed|last_updated", named_by="entity_id",
    ),
    Profile(
        "solaredge", "SolarEdge",
        marks=r"^\W*(?:Date/)?Time\W.*\b"
        r"(?:(?:System|Solar) Production|Self Consumption|StoragePower) ?\(",
        time="time|date/time",
    ),
    Profile(
        "sunny_portal", "Sunny Portal and other exports of SMA",
        marks=r"^Version CSV\d?\|Tool|/ (?:Mean Values|Meter Change|Counter|Data logger)[^\n]*\[",
    ),
    Profile("fronius", "Fronius Solar.web", marks=r"^[^\n]*\[(?:dd|MM|yyyy)[./-](?:dd|MM|yyyy)"),
    Profile(
        "enphase", "Enphase",
        marks=r"^\W*Date/Time\W+Energy (?:Produced|Consumed) \(W", order=MONTH_FIRST,
        time="date/time",
    ),
    Profile(
        GREEN_BUTTON, "Green Button (XML)", zone="UTC", time="start", named_by="series",
        ignored="duration",
    ),
    Profile(
        "us_utility", "US utility, by the quarter of an hour or the hour",
        marks=r"START TIME\W+END TIME|^\W*ESIID\W+USAGE_DATE", order=MONTH_FIRST,
        time="date|usage_date", clock="start time|usage_start_time",
        named_by="consumption_surplusgeneration",
        ignored="type|cost|notes|units|end time|usage_end_time|revision_date|esiid|estimated.*",
    ),
    Profile(UK, "Half-hourly meter, UK", zone="Europe/London", order=DAY_FIRST),
    Profile(EMONCMS, "emoncms", order=DAY_FIRST),
    Profile(
        "openems", "OpenEMS", meanings=_OPENEMS,
        marks=r'[,;\t "](?:_sum|(?:ess|meter|charger|battery|pvInverter|evcs)\d+)/[A-Z]',
    ),
    Profile(
        "entsoe", "ENTSO-E Transparency Platform",
        marks=r"^\W*(?:Area\W+)?(?:MTU|Time|DateTime) ?\((?:CET|UTC|CET/CEST)\)|\[MW\] ?- ?BZN"
        r"|^\W*Area\W+MTU",
        zone="Europe/Brussels", order=DAY_FIRST, time=r"(?:mtu|time|datetime).*",
        named_by="area|areadisplayname|production ?type|sequence",
        ignored=r"intraday.*|resolutioncode|areacode|areatypecode|areamapcode|updatetime.*",
    ),
    Profile(
        "pvgis", "PVGIS", zone="UTC",
        marks=r"^time(?:\(UTC\))?,(?:P|G\(i\)|Gb\(i\)|T2m|G\(h\))(?:,|$)",
        meanings=_PVGIS, ignored="Int",
    ),
    Profile(INFLUX, "InfluxDB annotated CSV", zone="UTC", time="_time", named_by="series"),
    Profile(WIDE, "One column a series"),
)  # fmt: skip
BY_NAME = {profile.name: profile for profile in PROFILES}


def profile_of(head: str) -> Profile:
    """The layout that the first lines are of: a known one, or one column a series."""
    return next((profile for profile in PROFILES if profile.claims(head)), BY_NAME[WIDE])

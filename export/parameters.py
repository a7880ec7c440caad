"""The query parameters of `export/`."""

from energy.parameters import SwitchField, WordField
from timeseries.parameters import HistoryParameters
from timeseries.queries import CHOICES


class ExportParameters(HistoryParameters):
    """Those of `timeseries/` for a file, which has the readings themselves by default."""

    resolution = WordField(
        CHOICES["resolution"],
        default="raw",
        help_text="`raw`, the readings themselves, unless given; else the length of the buckets; "
        "`auto` is the finest that fits `max_points`.",
    )
    aggregate = WordField(
        [name for name in CHOICES["aggregate"] if name != "duration"],
        required=False,
        help_text="What is made of a bucket; mean, increase or last by the Metric's type.",
    )
    coverage = SwitchField(
        default=False,
        help_text="Add a column with the share of each bucket for which readings exist, 0 to 1.",
    )
    time_zone = WordField(
        required=False,
        help_text="IANA name: times are written as its clocks show them, with their offset, and "
        "buckets of a day and longer are its days. Without it times are UTC (`Z`), and days those "
        "of the Site (yours where Sites differ), written with its offset.",
    )
    bom = SwitchField(
        default=False,
        help_text="Begin a CSV file with a byte order mark, by which Excel knows it for UTF-8 and "
        "shows °C as it is; `import_readings` takes it either way. For CSV alone.",
    )
    cursor = None  # type: ignore[assignment]
    time_format = None  # type: ignore[assignment]

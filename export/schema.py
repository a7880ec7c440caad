"""How exports are described in the OpenAPI document."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema

from export.formats import FORMATS
from export.views import EXPORT_NAMES
from timeseries.parameters import PARAMETERS
from timeseries.summaries import AGGREGATES

_DESCRIBED = {parameter.name: parameter for parameter in PARAMETERS}
_RESOLUTION = OpenApiParameter(
    "resolution",
    str,
    enum=_DESCRIBED["resolution"].enum,
    default="raw",
    description="`raw`, the readings themselves, unless given; else the length of the buckets; "
    "`auto` is the finest that fits `max_points`.",
)
_TIME_ZONE = OpenApiParameter(
    "time_zone",
    str,
    description="IANA name: times are written as its clocks show them, with their offset, and "
    "buckets of a day and longer are its days. Without it times are UTC (`Z`), and days those of "
    "the Site (yours where Sites differ), written with its offset.",
)
_COVERAGE = OpenApiParameter(
    "coverage",
    bool,
    default=False,
    description="Add a column with the share of each bucket for which readings exist, 0 to 1.",
)
_AGGREGATE = OpenApiParameter(
    "aggregate",
    str,
    enum=[name for name in AGGREGATES if name != "duration"],
    description="What is made of a bucket; mean, increase or last by the Metric's type.",
)
_OWN = {
    "aggregate": _AGGREGATE,
    "resolution": _RESOLUTION,
    "time_zone": _TIME_ZONE,
    "coverage": _COVERAGE,
}


def _header(name: str, description: str, schema: Any = int) -> OpenApiParameter:
    return OpenApiParameter(
        name, schema, OpenApiParameter.HEADER, description=description, response=[200]
    )


_HEADERS = [
    _header(
        "X-Estimated-Rows",
        "How many rows the file will have, for a progress bar: the readings stored when it began, "
        "or the buckets of the window (with `fill=none` at most so many).",
    ),
    _header("X-Estimated-Bytes", "Roughly how large CSV or JSON will be, before gzip."),
    _header("Content-Disposition", "The file's name: of what, from when to when.", str),
]
_DESCRIPTION = """The whole window as a file, streamed and never cut; the last 24 h unless told
otherwise.

Raw readings are a row each: `site`, `device` (slugs), `key`, `unit`, `timestamp`, `value`, by
Metric, then time. `import_readings` takes such a CSV back.

Buckets are a row each, with a column for each Metric headed `site/device/key aggregate [unit]`,
and with `envelope` and `coverage` their columns beside it. What is not known is an empty cell in
CSV and null elsewhere. `fill=linear` takes at most 1,000,000 values.

Values are in the unit they are stored in. In CSV, text that a spreadsheet would run as a formula
has an apostrophe before it. `format` decides before the Accept header does; CSV and NDJSON are
packed with gzip for whoever accepts it. Parquet is 406 where the server has no library for it.

An export that fails midway breaks the connection off: no terminating chunk, no gzip trailer, no
Parquet footer. So does one that is read too slowly. Two run at once for a user, and as many in all
as half of the server's threads; one more is a 429. Of a window of more than 10,000 buckets the
empty ones before the first reading and behind the last are left out. HEAD answers the headers
alone, so the size can be asked for first."""


def export_schema(what: str) -> Any:
    """Describes the export of a `what`."""
    text: Any = {"type": "string"}
    binary: Any = {"type": "string", "format": "binary"}
    return extend_schema(
        summary=f"The history of {what} as a file.",
        description=_DESCRIPTION,
        parameters=[*(_OWN.get(name) or _DESCRIBED[name] for name in EXPORT_NAMES), *_HEADERS],
        responses={
            (200, made.media_type): OpenApiResponse(text if made.is_text else binary)
            for made in FORMATS.values()
        },
        filters=False,
    )

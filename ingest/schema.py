"""How `POST /api/v1/readings/` is described in the OpenAPI document."""

from typing import Any

from drf_spectacular.utils import OpenApiExample

_BY_ID = {
    "metric": {
        "type": "integer",
        "format": "int64",
        "minimum": 1,
        "maximum": 2**63 - 1,
        "description": "Id of the Metric.",
    }
}
_BY_NAME = {
    "site": {"type": "string", "description": "Slug of the Site."},
    "device": {"type": "string", "description": "Slug of the Device."},
    "key": {"type": "string", "description": "Key of the Metric."},
}
_UNIT = {
    "unit": {
        "type": "string",
        "description": "Unit of the values, as exports have it: it has to be the Metric's.",
    }
}
_TIMESTAMP = {
    "type": "string",
    "format": "date-time",
    "description": "RFC 3339 with an offset, from 2000 to a day ahead of now; cut to the "
    "microsecond. A leap second, 23:59:60Z, counts as the second after it.",
}
_VALUE = {
    "type": "number",
    "format": "double",
    "description": "In the Metric's unit. Integers become the nearest double, -0.0 becomes 0.0; "
    "true and false are no numbers. A bare NaN or Infinity is refused with its reading alone.",
}


def _form(
    names: dict[str, Any], values: dict[str, Any], optional: dict[str, Any] | None = None
) -> dict[str, Any]:
    required = names | values
    return {
        "type": "object",
        "properties": required | (optional or {}),
        "required": list(required),
        "additionalProperties": False,
    }


def _columns(items: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "minItems": 1, "items": items}


_ROW = {"timestamp": _TIMESTAMP, "value": _VALUE}
_COLUMNS = {"timestamps": _columns(_TIMESTAMP), "values": _columns(_VALUE)}
_COLUMN_FORMS = [_form(_BY_ID, _COLUMNS), _form(_BY_NAME, _COLUMNS, _UNIT)]
_LISTED = {
    "type": "array",
    "items": {"oneOf": [_form(_BY_ID, _ROW), _form(_BY_NAME, _ROW, _UNIT), *_COLUMN_FORMS]},
}
BODIES: dict[str, Any] = {
    "application/json": {"oneOf": [_form({}, {"readings": _LISTED}), *_COLUMN_FORMS]},
    "application/x-ndjson": {
        "type": "string",
        "description": "A line a reading, each a JSON object as in the list `readings` of "
        "`application/json`. What an export gives as NDJSON can be sent back.",
    },
    "text/csv": {
        "type": "string",
        "description": "A first line that names the columns, in any order, then a line a reading. "
        "The columns are `metric,timestamp,value`, `site,device,key,timestamp,value` or "
        "`site,device,key,unit,timestamp,value`, as an export gives them. UTF-8; commas; a point "
        "in numbers; no line breaks in cells.",
    },
}


EXAMPLES = [
    OpenApiExample(
        "By metric id",
        request_only=True,
        value={
            "readings": [
                {"metric": 12, "timestamp": "2026-06-01T12:00:00Z", "value": 1500.0},
                {"metric": 13, "timestamp": "2026-06-01T14:00:00+02:00", "value": 49.98},
            ]
        },
    ),
    OpenApiExample(
        "By names",
        request_only=True,
        value={
            "readings": [
                {
                    "site": "harbour-depot",
                    "device": "main-meter",
                    "key": "active_power",
                    "timestamp": "2026-06-01T12:00:00Z",
                    "value": 1500.0,
                }
            ]
        },
    ),
    OpenApiExample(
        "Columns of one metric",
        request_only=True,
        value={
            "metric": 12,
            "timestamps": ["2026-06-01T12:00:00Z", "2026-06-01T12:01:00Z"],
            "values": [1500.0, 1512.5],
        },
    ),
    OpenApiExample(
        "A line a reading",
        request_only=True,
        media_type="application/x-ndjson",
        value='{"metric": 12, "timestamp": "2026-06-01T12:00:00Z", "value": 1500.0}\n'
        '{"site": "harbour-depot", "device": "main-meter", "key": "active_power", "unit": "W", '
        '"timestamp": "2026-06-01T12:01:00Z", "value": 1512.5}\n',
    ),
    OpenApiExample(
        "Columns by id",
        request_only=True,
        media_type="text/csv",
        value="metric,timestamp,value\n"
        "12,2026-06-01T12:00:00Z,1500\n"
        "12,2026-06-01T12:01:00Z,1512.5\n",
    ),
    OpenApiExample(
        "Columns by names",
        request_only=True,
        media_type="text/csv",
        value="site,device,key,timestamp,value\n"
        "harbour-depot,main-meter,active_power,2026-06-01T12:00:00Z,1500\n",
    ),
    OpenApiExample("Stored", response_only=True, value={"accepted": 2, "rejected": []}),
    OpenApiExample(
        "Stored in part",
        response_only=True,
        value={
            "accepted": 1,
            "rejected": [
                {"index": 1, "code": "unknown_metric", "reason": "There is no such metric."}
            ],
        },
    ),
]

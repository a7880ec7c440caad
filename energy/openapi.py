"""The settings of drf-spectacular, which describes the API as OpenAPI."""

from typing import Any

SETTINGS: dict[str, Any] = {
    "TITLE": "Energy management system",
    "DESCRIPTION": "Sites, devices, metrics, their latest values and history, and subscriptions.",
    "VERSION": "1.0.0",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_NAME_OVERRIDES": {
        "DeviceKind": "devices.kinds.DeviceKind",
        "DeviceStatus": "devices.kinds.DeviceStatus",
        "MetricType": "metrics.vocabulary.MetricType",
        "Freshness": "metrics.freshness.Freshness",
        "Aggregate": "timeseries.summaries.AGGREGATES",
        "Role": "energy.access.ROLES",
        "TokenScope": "accounts.models.ApiToken.Scope",
        "ChangeKind": "changes.described.ChangeKind",
        "ChangeAction": "changes.described.ChangeAction",
        "ChangeVia": "changes.models.Change.Via",
    },
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "energy.schema.describe_problems",
    ],
}

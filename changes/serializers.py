"""Changes in the API."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from changes.described import ChangeAction, ChangeKind, action_of, fields_of, kind_of
from changes.models import MAX_NAMES, Change

_VALUE = {"description": "The value, or null where there was none."}
_NAMES = {"type": "array", "items": {"type": "string"}, "maxItems": MAX_NAMES}
_FIELDS = {
    "field": {"type": "string"},
    "old": _VALUE,
    "new": _VALUE,
    "added": _NAMES,
    "removed": _NAMES,
    "more": {"type": "integer", "description": "How many more were added or removed."},
}
FIELD_CHANGES = {
    "type": "array",
    "items": {"type": "object", "required": sorted(_FIELDS), "properties": _FIELDS},
}


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "A Device was renamed",
            response_only=True,
            value={
                "id": 12,
                "timestamp": "2026-11-27T08:00:00Z",
                "action": "changed",
                "kind": "device",
                "object": 7,
                "name": "Main meter",
                "site": 1,
                "device": 7,
                "actor": "technician",
                "actor_id": 3,
                "via": "session",
                "address": "192.0.2.7",
                "changes": [
                    {
                        "field": "name",
                        "old": "Meter",
                        "new": "Main meter",
                        "added": [],
                        "removed": [],
                        "more": 0,
                    }
                ],
            },
        )
    ]
)
class ChangeSerializer(serializers.ModelSerializer):
    """Who changed what. Site, Device and object may have been deleted since.

    `object` is the id of what was changed; of readings that of their Metric, or of the Site whose
    readings were not kept any longer (`via` is then `system`).
    """

    action = serializers.SerializerMethodField()
    kind = serializers.SerializerMethodField()
    object = serializers.IntegerField(source="object_id", allow_null=True)
    name = serializers.CharField(source="object_repr")
    site = serializers.IntegerField(source="site_id", allow_null=True)
    device = serializers.IntegerField(source="device_id", allow_null=True)
    actor = serializers.SerializerMethodField()
    actor_id = serializers.IntegerField(allow_null=True)
    address = serializers.IPAddressField(source="remote_addr", allow_null=True)
    changes = serializers.SerializerMethodField()

    class Meta:
        model = Change
        fields = (
            "id",
            "timestamp",
            "action",
            "kind",
            "object",
            "name",
            "site",
            "device",
            "actor",
            "actor_id",
            "via",
            "address",
            "changes",
        )

    @extend_schema_field(serializers.ChoiceField(ChangeAction.choices))
    def get_action(self, change: Change) -> str:
        return action_of(change).value

    @extend_schema_field(serializers.ChoiceField(ChangeKind.choices))
    def get_kind(self, change: Change) -> str:
        return kind_of(change).value

    @extend_schema_field(serializers.CharField(allow_null=True))
    def get_actor(self, change: Change) -> str | None:
        return change.actor_name or None

    @extend_schema_field(FIELD_CHANGES)
    def get_changes(self, change: Change) -> list[dict[str, Any]]:
        return [told._asdict() for told in fields_of(change)]

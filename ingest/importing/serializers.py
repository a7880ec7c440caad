"""Imports of files in the API: what is sent with a file, and what is told of it."""

from collections.abc import Sequence
from typing import Any

import msgspec
from drf_spectacular.utils import OpenApiExample, extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from devices.models import Device
from energy.errors import DomainError
from energy.serializers import AddressField, StrictSerializer
from ingest.importing.mapping import Target, doubts
from ingest.importing.planning import Place
from ingest.importing.uploads import known_targets, understood_of
from ingest.layouts.understood import Asked, FileColumn, Understood
from ingest.models import Import
from sites.models import Site

_LISTED = 200  # columns
_OPEN = {"type": "object", "additionalProperties": True}


_SAID = {
    "mapping": ["Power (kW)=inverter-a/active_power", "Yield=inverter-a/production_energy:kWh"],
    "time_zone": "Europe/Amsterdam",
    "date_format": "%d.%m.%Y",
}


@extend_schema_serializer(
    examples=[OpenApiExample("Columns, zone and format of dates", request_only=True, value=_SAID)]
)
class ImportFieldsSerializer(StrictSerializer):
    """What people may say about a file; what they leave out is found out."""

    profile = serializers.CharField(required=False, default="", allow_blank=True, max_length=40)
    mapping = serializers.ListField(
        child=serializers.CharField(max_length=700),
        required=False,
        default=list,
        max_length=500,
        help_text="COLUMN=device/key or COLUMN=device/key:unit, one for each column that is taken.",
    )
    time_zone = serializers.CharField(required=False, default="", allow_blank=True, max_length=64)
    time_column = serializers.CharField(
        required=False, default="", allow_blank=True, max_length=300
    )
    delimiter = serializers.CharField(
        required=False, default="", allow_blank=True, max_length=12, trim_whitespace=False
    )
    decimal = serializers.CharField(required=False, default="", allow_blank=True, max_length=12)
    date_format = serializers.CharField(required=False, default="", allow_blank=True, max_length=40)
    time_is = serializers.CharField(required=False, default="", allow_blank=True, max_length=5)

    @property
    def asked(self) -> Asked:
        """What was said, but for where columns go."""
        said = {name: self.validated_data[name] for name in Asked.__struct_fields__}
        return Asked(**said)


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "A file of a Device",
            request_only=True,
            description="Sent as multipart/form-data.",
            value={"file": "(the file)", "device": 3, **_SAID},
        )
    ]
)
class ImportUploadSerializer(ImportFieldsSerializer):
    """A file, and the Site or the Device that it belongs to, by id."""

    file = serializers.FileField(allow_empty_file=True)
    site = serializers.IntegerField(required=False, min_value=1, max_value=2**63 - 1)
    device = serializers.IntegerField(required=False, min_value=1, max_value=2**63 - 1)
    dry_run = serializers.BooleanField(required=False, default=False)

    def place(self, user: Any) -> Place:
        """The Site and the Device. Raises DomainError where `user` sees none of that id."""
        site, device = (self.validated_data.get(name) for name in ("site", "device"))
        if device is not None:
            found = Device.objects.visible_to(user).filter(pk=device)
            found = found.select_related("site") if site is None else found.filter(site=site)
            row = found.select_related("site").first()
            if row is None:
                message = f'Invalid pk "{device}" - object does not exist.'
                raise DomainError(message, code="does_not_exist", field="device")
            return Place(user, row.site, row)
        if site is None:
            raise DomainError("Name the site or the device.", code="required", field="site")
        chosen = Site.objects.visible_to(user).filter(pk=site).first()
        if chosen is None:
            message = f'Invalid pk "{site}" - object does not exist.'
            raise DomainError(message, code="does_not_exist", field="site")
        return Place(user, chosen)


class RefusedSerializer(serializers.Serializer):
    """What of a row was refused: where it stands, what was found, and what to try."""

    line = serializers.IntegerField()
    column = serializers.CharField()
    found = serializers.CharField()
    reason = serializers.CharField()


class ImportSummarySerializer(serializers.ModelSerializer):
    """An import in a list: of which file, and how far it is."""

    url = AddressField("api:import-detail")
    state = serializers.CharField(
        read_only=True, help_text="understood, running, done, or failed (see `error`)."
    )
    progress = serializers.SerializerMethodField()
    rejected_count = serializers.IntegerField(source="refused_count", read_only=True)
    created_at = serializers.DateTimeField(read_only=True)

    class Meta:
        model = Import
        fields: tuple[str, ...] = (
            "id", "url", "state", "site", "device", "file_name", "dry_run", "progress", "accepted",
            "rejected_count", "created_at",
        )  # fmt: skip
        read_only_fields = fields

    @extend_schema_field({"type": "number", "minimum": 0, "maximum": 1})
    def get_progress(self, instance: Import) -> float:
        """The share of the rows that are done."""
        return instance.progress


class ImportSerializer(ImportSummarySerializer):
    """An import: what the file was taken for, where its columns go, and how far it is."""

    dialect = serializers.SerializerMethodField()
    columns = serializers.SerializerMethodField()
    preview = serializers.SerializerMethodField()
    questions = serializers.SerializerMethodField()
    rejected = RefusedSerializer(source="refused", many=True, read_only=True)
    error = serializers.SerializerMethodField()

    class Meta(ImportSummarySerializer.Meta):
        fields = (
            *ImportSummarySerializer.Meta.fields, "dialect", "columns", "preview", "questions",
            "rejected", "error",
        )  # fmt: skip
        read_only_fields = fields

    def to_representation(self, instance: Import) -> Any:
        # Of one object each of its fields needs the same: it is made once.
        self._understood = understood = understood_of(instance)
        self._targets = []
        if understood and not instance.targets:
            self._targets = known_targets(instance, understood)
        return super().to_representation(instance)

    @extend_schema_field(_OPEN)
    def get_dialect(self, instance: Import) -> dict[str, Any] | None:
        return None if self._understood is None else _dialect(self._understood, self._targets)

    @extend_schema_field({"type": "array", "items": _OPEN})
    def get_columns(self, instance: Import) -> list[dict[str, Any]]:
        if self._understood is None:
            return []
        if instance.targets:
            by_column = {each["column"]: each["metric"] for each in instance.targets}
            return [_column(each, by_column.get(each.name)) for each in self._understood.columns]
        targets = {each.column: each for each in self._targets}
        shown = self._understood.columns[:_LISTED]
        return [_column(each, _metric(targets.get(each.name))) for each in shown]

    @extend_schema_field({"type": "array", "items": _OPEN})
    def get_preview(self, instance: Import) -> list[dict[str, Any]]:
        return (
            [msgspec.to_builtins(row) for row in self._understood.preview]
            if self._understood
            else []
        )

    @extend_schema_field({"type": "array", "items": _OPEN})
    def get_questions(self, instance: Import) -> list[dict[str, str]]:
        if self._understood is None:
            return []
        return [msgspec.to_builtins(question) for question in self._understood.questions]

    @extend_schema_field({**_OPEN, "nullable": True})
    def get_error(self, instance: Import) -> dict[str, Any] | None:
        return instance.failure or None


def _dialect(understood: Understood, targets: Sequence[Target]) -> dict[str, Any]:
    names = understood.names
    place = understood.time_column
    return {
        "profile": understood.profile,
        "encoding": understood.encoding,
        "delimiter": understood.delimiter,
        "decimal": understood.decimal,
        "header": understood.header,
        "time_column": names[place] if place < len(names) else "",
        "date_format": understood.date_format,
        "time_zone": understood.time_zone,
        "time_is": understood.time_is,
        "interval": understood.interval,
        "rows": understood.rows,
        "start": understood.start,
        "end": understood.end,
        "left_out": list(understood.left_out),
        "warnings": [*understood.warnings, *doubts(understood, targets)],
    }


def _metric(target: Target | None) -> int | None:
    return target.metric.pk if target else None


def _column(column: FileColumn, metric: int | None) -> dict[str, Any]:
    return {
        "name": column.name,
        "unit": column.unit,
        "key": column.key,
        "type": "text" if column.is_text else column.type,
        "count": column.count,
        "low": column.low,
        "high": column.high,
        "rises": column.rises,
        "texts": list(column.texts),
        "metric": metric,
    }

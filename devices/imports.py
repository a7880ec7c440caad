"""Devices from a CSV file."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from import_export.fields import Field
from import_export.widgets import ForeignKeyWidget

from devices.kinds import DeviceStatus
from devices.models import Device
from energy.imports import VisibleResource
from sites.models import Site


class VisibleSiteWidget(ForeignKeyWidget):
    """A Site by its slug, of those that `user` sees."""

    user: Any = None

    def get_queryset(self, value: Any, row: Any, *args: Any, **kwargs: Any) -> QuerySet[Site]:
        return Site.objects.visible_to(self.user)


class DeviceResource(VisibleResource):
    """One Device a row, known by its Site's slug and its name.

    A new one gets its slug and its kind's headline Metric.
    """

    site = Field("site", "site", widget=VisibleSiteWidget(Site, "slug"))
    status = Field("status", "status", default=DeviceStatus.ACTIVE.value)
    made_on_saving = ("slug",)

    class Meta:
        model = Device
        import_id_fields = ("site", "name")
        fields = (
            "site",
            "name",
            "kind",
            "status",
            "manufacturer",
            "model",
            "serial_number",
            "rated_power",
            "notes",
        )
        clean_model_instances = True
        skip_unchanged = True
        report_skipped = True

    def __init__(self, user: Any) -> None:
        super().__init__(user)
        self.fields["site"].widget.user = user

    def before_import_row(self, row: dict[str, Any], **kwargs: Any) -> None:
        """Raise ValidationError where the Site is unknown, or not the user's to see."""
        slug = str(row.get("site") or "")
        if not Site.objects.visible_to(self.user).filter(slug=slug).exists():
            raise ValidationError({"site": f"There is no site with the slug “{slug}”."})

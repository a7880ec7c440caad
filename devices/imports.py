"""Devices from a CSV file."""

from datetime import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from import_export.fields import Field
from import_export.widgets import DateTimeWidget, ForeignKeyWidget

from devices.kinds import DeviceStatus
from devices.models import Device
from energy.imports import VisibleResource
from sites.models import Site


class VisibleSiteWidget(ForeignKeyWidget):
    """A Site by its slug, of those that `user` sees."""

    user: Any = None

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> Site:
        """Raise ValidationError where the Site does not exist or `user` does not see it."""
        slug = str(value or "")
        site: Site | None = Site.objects.visible_to(self.user).filter(slug=slug).first()
        if site is None:
            raise ValidationError({"site": f"There is no site with the slug “{slug}”."})
        return site


class MomentWidget(DateTimeWidget):
    """A date and time as forms take it: ISO 8601 too, in UTC unless it has an offset."""

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> datetime | None:
        try:
            moment: datetime | None = forms.DateTimeField(required=False).clean(value)
        except ValidationError as error:
            raise ValueError(error.message) from error
        return moment


class DeviceResource(VisibleResource):
    """One Device a row, identified by its Site's slug and its name.

    A new Device gets a slug and the headline Metric of its kind.
    """

    site = Field("site", "site", widget=VisibleSiteWidget(Site, "slug"))
    status = Field("status", "status", default=DeviceStatus.ACTIVE.value)
    in_service_from = Field("in_service_from", "in_service_from", widget=MomentWidget())
    retired_at = Field("retired_at", "retired_at", widget=MomentWidget())
    made_on_saving = ("slug",)

    class Meta:
        model = Device
        import_id_fields = ("site", "name")
        fields = (
            "site",
            "name",
            "kind",
            "status",
            "in_service_from",
            "retired_at",
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

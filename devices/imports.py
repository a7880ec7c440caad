"""Devices from a CSV file."""

from typing import Any

from django.core.exceptions import ValidationError
from import_export.fields import Field
from import_export.widgets import ForeignKeyWidget

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


class DeviceResource(VisibleResource):
    """One Device a row, identified by its Site's slug and its name.

    A new Device gets a slug and the headline Metric of its kind.
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

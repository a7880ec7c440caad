"""Sites from a CSV file."""

from typing import Any

from django.utils.text import slugify
from import_export.fields import Field

from energy.imports import VisibleResource
from sites.models import Site


class SiteResource(VisibleResource):
    """One Site a row, identified by its slug, which defaults to one made from the name."""

    time_zone = Field("time_zone", "time_zone", default="UTC")

    class Meta:
        model = Site
        import_id_fields = ("slug",)
        fields = (
            "slug",
            "name",
            "description",
            "address",
            "latitude",
            "longitude",
            "time_zone",
        )
        clean_model_instances = True
        skip_unchanged = True
        report_skipped = True

    def before_import(self, dataset: Any, **kwargs: Any) -> None:
        """Add the column of slugs to a file without one, so that it can be filled."""
        if "slug" not in (dataset.headers or ()) and "name" in (dataset.headers or ()):
            dataset.append_col([""] * len(dataset), header="slug")

    def before_import_row(self, row: dict[str, Any], **kwargs: Any) -> None:
        row["slug"] = row["slug"] or slugify(row.get("name") or "")

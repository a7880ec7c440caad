"""Sites in the API."""

from rest_framework import serializers

from energy.serializers import AddressField, StrictModelSerializer
from sites.models import Site


class SiteSerializer(StrictModelSerializer):
    """A Site; it is read-only, because Sites are created in the admin."""

    url = AddressField(view_name="api:site-detail")
    device_count = serializers.IntegerField(read_only=True, min_value=0)

    class Meta:
        model = Site
        fields = (
            "id",
            "url",
            "name",
            "slug",
            "description",
            "address",
            "latitude",
            "longitude",
            "time_zone",
            "device_count",
            "created_at",
            "updated_at",
        )
        read_only_fields = fields

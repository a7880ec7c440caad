"""Sites in the API."""

from rest_framework import serializers

from energy.serializers import AddressField, StrictModelSerializer
from sites.models import Site


class SiteSerializer(StrictModelSerializer):
    """A Site; read-only, Sites are made in the admin."""

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


class FigureSerializer(serializers.Serializer):
    """One figure of a Site.

    The value is null where too little is known (`coverage` below 0.8), or there is nothing to
    divide by; the timestamp is when the oldest reading it rests on was measured.
    """

    value = serializers.FloatField(allow_null=True)
    unit = serializers.CharField()
    timestamp = serializers.DateTimeField(allow_null=True)
    coverage = serializers.FloatField(min_value=0, max_value=1)


class OverviewSerializer(serializers.Serializer):
    """Power now, energy since the Site's midnight, and the shares that follow from it.

    Powers are positive into the Site's bus: grid import, battery discharge.
    """

    production_power = FigureSerializer()
    consumption_power = FigureSerializer()
    grid_power = FigureSerializer()
    battery_power = FigureSerializer()
    state_of_charge = FigureSerializer()
    production_energy = FigureSerializer()
    consumption_energy = FigureSerializer()
    grid_import_energy = FigureSerializer()
    grid_export_energy = FigureSerializer()
    battery_charge_energy = FigureSerializer()
    battery_discharge_energy = FigureSerializer()
    autarky = FigureSerializer()
    self_consumption = FigureSerializer()

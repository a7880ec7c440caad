"""Since and until when a Device is in service."""

from typing import Any

from django.db import migrations, models
from django.db.models import Max


def date_the_retired(apps: Any, schema_editor: Any) -> None:
    """Nothing tells when Devices were retired until now: with their last reading, or before.

    One that was changed after its last reading was retired then at the latest; one without any
    when it was changed last.
    """
    device_model = apps.get_model("devices", "Device")
    latest_model = apps.get_model("metrics", "Latest")
    for device in device_model.objects.filter(status="retired"):
        latest = latest_model.objects.filter(metric__device=device)
        newest = latest.aggregate(newest=Max("timestamp"))["newest"]
        changed = device.updated_at
        device_model.objects.filter(pk=device.pk).update(retired_at=min(newest or changed, changed))


class Migration(migrations.Migration):
    dependencies = [("devices", "0001_initial"), ("metrics", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="device",
            name="in_service_from",
            field=models.DateTimeField(
                blank=True, help_text="From its first reading on, where none is given.", null=True
            ),
        ),
        migrations.AddField(
            model_name="device",
            name="retired_at",
            field=models.DateTimeField(
                blank=True,
                help_text="When its status became retired, where none is given.",
                null=True,
            ),
        ),
        migrations.RunPython(date_the_retired, migrations.RunPython.noop),
        migrations.AddConstraint(
            model_name="device",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("status", "retired"), _negated=True),
                    ("retired_at__isnull", False),
                    _connector="OR",
                ),
                name="device_retired_at_some_time",
            ),
        ),
        migrations.AddConstraint(
            model_name="device",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("retired_at__isnull", True),
                    ("in_service_from__isnull", True),
                    ("retired_at__gt", models.F("in_service_from")),
                    _connector="OR",
                ),
                name="device_retired_after_service",
            ),
        ),
    ]

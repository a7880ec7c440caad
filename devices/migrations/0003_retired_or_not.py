"""Only a retired Device has been retired, and in years in which equipment is."""

from typing import Any

from django.db import migrations, models
from django.utils import timezone

import devices.models


def agree(apps: Any, schema_editor: Any) -> None:
    """The dates decided until now: who was out of service by them is retired, nobody else is."""
    others = apps.get_model("devices", "Device").objects.exclude(status="retired")
    others.filter(retired_at__lte=timezone.now()).update(status="retired")
    others.filter(retired_at__isnull=False).update(retired_at=None)


class Migration(migrations.Migration):
    dependencies = [("devices", "0002_service")]

    operations = [
        migrations.RemoveConstraint(model_name="device", name="device_retired_at_some_time"),
        migrations.AlterField(
            model_name="device",
            name="in_service_from",
            field=models.DateTimeField(
                blank=True,
                help_text="From its first reading on, where none is given.",
                null=True,
                validators=[devices.models.validate_service_time],
            ),
        ),
        migrations.AlterField(
            model_name="device",
            name="retired_at",
            field=models.DateTimeField(
                blank=True,
                help_text="When its status became retired, where none is given; only of a retired "
                "Device.",
                null=True,
                validators=[devices.models.validate_service_time],
            ),
        ),
        migrations.RunPython(agree, migrations.RunPython.noop),
        migrations.AddConstraint(
            model_name="device",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("retired_at__isnull", False), ("status", "retired")),
                    models.Q(
                        models.Q(("status", "retired"), _negated=True),
                        ("retired_at__isnull", True),
                    ),
                    _connector="OR",
                ),
                name="device_retired_at_some_time",
            ),
        ),
    ]

"""The unit of a Metric is explained by examples; nothing else changes."""

import django.core.validators
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("metrics", "0005_clock_ahead")]

    operations = [
        migrations.AlterField(
            model_name="metric",
            name="unit",
            field=models.CharField(
                help_text="Such as W, kWh or °C; 1 where there is none.",
                max_length=16,
                validators=[
                    django.core.validators.RegexValidator(
                        "\\A[^\\x00-\\x1f\\x7f-\\x9f\\u2028\\u2029]+\\Z", "A unit is one line."
                    )
                ],
            ),
        ),
    ]

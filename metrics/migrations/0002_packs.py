import django.core.validators
import django.db.models.deletion
import metrics.fields
from django.db import migrations, models

# The blobs are compressed already. Rows stay whole up to half a page, so that a day is one read.
STORE_AS_IS = """
    ALTER TABLE metrics_pack
        ALTER COLUMN times SET STORAGE EXTERNAL,
        ALTER COLUMN vals SET STORAGE EXTERNAL,
        ALTER COLUMN quarters SET STORAGE EXTERNAL,
        SET (toast_tuple_target = 4080)
"""


def store_as_is(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(STORE_AS_IS)


class Migration(migrations.Migration):

    dependencies = [
        ('metrics', '0001_initial'),
    ]

    operations = [
        migrations.AddField(
            model_name='metric',
            name='retention_days',
            field=models.PositiveIntegerField(blank=True, help_text='Days for which readings are kept; empty for as long as all others.', null=True, validators=[django.core.validators.MinValueValidator(1)]),
        ),
        migrations.AddConstraint(
            model_name='metric',
            constraint=models.CheckConstraint(condition=models.Q(('retention_days__isnull', True), ('retention_days__gte', 1), _connector='OR'), name='metric_keeps_a_day_or_more'),
        ),
        migrations.CreateModel(
            name='Pack',
            fields=[
                ('pk', models.CompositePrimaryKey('metric_id', 'day', blank=True, editable=False, primary_key=True, serialize=False)),
                ('day', models.IntegerField()),
                ('n', models.IntegerField()),
                ('first', metrics.fields.InstantField()),
                ('last', metrics.fields.InstantField()),
                ('low', models.FloatField()),
                ('high', models.FloatField()),
                ('hold', models.BigIntegerField()),
                ('quarters', models.BinaryField()),
                ('times', models.BinaryField()),
                ('vals', models.BinaryField()),
                ('metric', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='metrics.metric')),
            ],
            options={
                'constraints': [
                    models.CheckConstraint(condition=models.Q(('n__gte', 1)), name='pack_has_readings'),
                    models.CheckConstraint(condition=models.Q(('low__range', (-1.7976931348623157e+308, 1.7976931348623157e+308)), ('high__range', (-1.7976931348623157e+308, 1.7976931348623157e+308))), name='pack_is_finite'),
                ],
            },
        ),
        migrations.RunPython(store_as_is, migrations.RunPython.noop),
    ]

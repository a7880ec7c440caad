"""The lows and highs of quarter hours in a column of their own, and means in a blob of their own.

Before, the summary of a day was a head (layout, uniform, bytes of the shape, steepest rise), the
shape, and one array: low, high, last and mean, or low and high of a counter that only rose. The
head tells the bytes of the means as well now (`metrics.history.packs.summaries`), and layouts have
other numbers.
"""

import struct

import numpy as np
from django.db import migrations, models
from pcodec import ChunkConfig
from pcodec.standalone import simple_compress, simple_decompress

BEFORE, AFTER = struct.Struct("<BBHd"), struct.Struct("<BBHHd")
MEASURED, RENUMBERED = 1, 2
CONFIG = ChunkConfig(compression_level=6)
AT_ONCE = 2_000
SELECT = """
    SELECT metric_id, day, quarters, extremes FROM metrics_pack
    WHERE (metric_id, day) > (%s, %s) ORDER BY metric_id, day LIMIT %s
"""
UPDATE = "UPDATE metrics_pack SET quarters = %s, extremes = %s WHERE metric_id = %s AND day = %s"
STORE_AS_IS = "ALTER TABLE metrics_pack ALTER COLUMN extremes SET STORAGE EXTERNAL"


def compressed(numbers):
    return bytes(simple_compress(np.ascontiguousarray(numbers).ravel(), CONFIG))


def split(quarters, extremes):
    layout, uniform, size, rise = BEFORE.unpack_from(quarters)
    shape = quarters[BEFORE.size : BEFORE.size + size]
    values = quarters[BEFORE.size + size :]
    if layout != MEASURED:
        return AFTER.pack(layout + RENUMBERED, uniform, size, 0, rise) + shape + values, None
    columns = simple_decompress(values).reshape(4, -1)
    means = compressed(columns[3])
    head = AFTER.pack(layout + RENUMBERED, uniform, size, len(means), rise)
    return head + shape + means + compressed(columns[2]), compressed(columns[:2])


def join(quarters, extremes):
    layout, uniform, size, means, rise = AFTER.unpack_from(quarters)
    begin = AFTER.size + size
    head = BEFORE.pack(layout - RENUMBERED, uniform, size, rise) + quarters[AFTER.size : begin]
    if layout - RENUMBERED != MEASURED:
        return head + quarters[begin:], None
    parts = (extremes, quarters[begin + means :], quarters[begin : begin + means])
    return head + compressed(np.concatenate([simple_decompress(part) for part in parts])), None


def change(schema_editor, rewritten):
    position = (-1, -(2**31))
    with schema_editor.connection.cursor() as cursor:
        while True:
            cursor.execute(SELECT, [*position, AT_ONCE])
            if not (rows := cursor.fetchall()):
                return
            position = rows[-1][:2]
            summed = [(bytes(row[2]), row[3] and bytes(row[3]), *row[:2]) for row in rows if row[2]]
            cursor.executemany(UPDATE, [(*rewritten(*row[:2]), *row[2:]) for row in summed])


def set_apart(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(STORE_AS_IS)
    change(schema_editor, split)


def put_together(apps, schema_editor):
    change(schema_editor, join)


class Migration(migrations.Migration):

    dependencies = [
        ('metrics', '0005_readings_by_key'),
    ]

    operations = [
        migrations.AddField(
            model_name='pack',
            name='extremes',
            field=models.BinaryField(null=True),
        ),
        migrations.RunPython(set_apart, put_together),
    ]

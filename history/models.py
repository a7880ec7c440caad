"""Where readings rest: the tables of the relational store, and the spool of the others."""

from django.db import models
from django.db.models import Q

from energy.fields import InstantField
from metrics.models import FINITE, Metric


class Reading(models.Model):
    """One (timestamp, value) of a Metric in the relational history store.

    Written and read through `history` only; the model gives it its table and the admin
    something to look at.
    """

    pk = models.CompositePrimaryKey("metric_id", "timestamp")
    metric = models.ForeignKey(
        # The history store deletes a Metric's readings, wherever they live, and the door locks the
        # Metric while it brings them. Were the database to look each one's Metric up at the commit,
        # PostgreSQL would take twice the time for ten thousand.
        Metric,
        on_delete=models.DO_NOTHING,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )
    timestamp = InstantField()
    value = models.FloatField()

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(value__range=FINITE), name="reading_value_is_finite"
            ),
        )

    def __str__(self) -> str:
        return f"{self.value} at {self.timestamp}"


class Chunk(models.Model):
    """A sealed day of one Metric in the relational history store: its readings as a few blobs.

    Written and read through `history.relational` only. `day` counts UTC days from the Unix epoch;
    `n` readings, measured at `times`, were `vals`. The others are the day's rollup by quarter hour,
    a reading standing for `lookback` microseconds at most: see `EncodedRollup`. Of a counter they
    are also what the day added to it, and the state that it left it in: see `Added`. A counter's
    state is missing where it has to be found again.
    """

    pk = models.CompositePrimaryKey("metric_id", "day")
    metric = models.ForeignKey(
        Metric, on_delete=models.DO_NOTHING, related_name="+", db_index=False
    )
    day = models.IntegerField()
    n = models.IntegerField()
    lookback = models.BigIntegerField()
    times = models.BinaryField()
    vals = models.BinaryField()
    shape = models.BinaryField(null=True)
    means = models.BinaryField(null=True)
    lasts = models.BinaryField(null=True)
    extremes = models.BinaryField(null=True)
    increments = models.BinaryField(null=True)
    state = models.BinaryField(null=True)

    class Meta:
        constraints = (models.CheckConstraint(condition=Q(n__gte=1), name="chunk_has_readings"),)

    def __str__(self) -> str:
        return f"{self.n} readings of day {self.day}"


class Checkpoint(models.Model):
    """The state that a UTC day left a counter in, where no chunk keeps it.

    Of the day before the first one that is kept where history is pruned, and of every day that is
    past in a store outside this database.
    """

    pk = models.CompositePrimaryKey("metric_id", "day")
    metric = models.ForeignKey(
        Metric, on_delete=models.DO_NOTHING, related_name="+", db_index=False
    )
    day = models.IntegerField()
    state = models.BinaryField()

    def __str__(self) -> str:
        return f"Metric {self.metric_id} after day {self.day}"


class Version(models.Model):
    """The number of the newest change of history that is kept outside this database.

    One row. Whoever writes there takes the next number first: of two writes of one instant the
    one with the greater number wins, and a deletion covers the numbers up to its own.
    """

    version = models.BigIntegerField()

    def __str__(self) -> str:
        return str(self.version)


class Tombstone(models.Model):
    """Readings that are deleted and may still lie in a history store outside this database.

    Covers what was written there up to `version`, in [start, end) where given. The Metric may no
    longer exist.
    """

    version = models.BigIntegerField(db_index=True)
    metric_id = models.BigIntegerField(db_index=True)
    start = models.BigIntegerField(null=True)
    end = models.BigIntegerField(null=True)

    def __str__(self) -> str:
        return f"Metric {self.metric_id} up to {self.version}"

"""News for the layers above."""

from django.dispatch import Signal

# Sent when readings of one Metric were deleted, in the transaction of the deletion. Arguments:
# `metric`, `window` (history.buckets.Window), `count`, and the user `actor`.
readings_deleted = Signal()

# Sent after readings were committed. Arguments: `batch` (history.arrays.ReadingBatch).
readings_stored = Signal()

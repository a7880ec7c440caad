"""News for the layers above."""

from django.dispatch import Signal

# Sent after readings were committed. Arguments: `batch` (history.arrays.ReadingBatch).
readings_stored = Signal()

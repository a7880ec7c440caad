"""News for the layers above."""

from django.dispatch import Signal

# Sent when readings of a block of Metrics of one Site were pruned, in the transaction that deletes
# them. Arguments: `site_id`, `count`, and `before`, in microseconds since the Unix epoch.
readings_pruned = Signal()

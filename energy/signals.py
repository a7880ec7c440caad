"""News about rows that Django's own signals leave out: those that are changed many at a time."""

from django.dispatch import Signal

# Before a queryset's `update`: `rows` is the queryset, `fields` the names of what will be set. A
# receiver that wants to see the rows before and after returns a context manager, which is entered
# around the update, in its transaction; others return None and cost nothing.
rows_updating = Signal()

# After `bulk_create`, in its transaction: `rows` is the list of new rows.
rows_created = Signal()

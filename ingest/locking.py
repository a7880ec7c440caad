"""Metrics that readings are about to come for: none is deleted under its new readings."""

from typing import Any

import numpy as np
from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import QuerySet

from history.arrays import Ints

# In the order of ids, as deleting does: two who want the same rows wait, they never deadlock.
# KEY SHARE lets other writers of readings, and edits of the Metric, pass.
_HOLD_ON_POSTGRESQL = """
    SELECT array_agg(pk) FROM ({metrics} FOR KEY SHARE OF metrics_metric) AS held
    HAVING count(*) > 0
"""


def held(metrics: QuerySet[Any]) -> Ints:
    """The ids of `metrics`, ascending; they stay until the end of the caller's transaction."""
    ids = metrics.order_by("pk").values_list("pk", flat=True)
    if connection.vendor != "postgresql":
        # SQLite has one writer at a time: what is there at the beginning stays till the end.
        return np.fromiter(ids, np.int64)
    from history.relational import postgresql

    try:
        sql, parameters = ids.query.sql_with_params()
    except EmptyResultSet:  # Django sees that nothing can be among them
        return np.empty(0, np.int64)
    # Not prepared: PostgreSQL would plan for ten ids, and look each of a thousand up by itself.
    statement = _HOLD_ON_POSTGRESQL.format(metrics=sql)
    rows = postgresql.execute(statement, *parameters, prepare=False)
    return rows[0][0] if rows else np.empty(0, np.int64)

"""The history of all Metrics: one store, chosen by the setting HISTORY_URL."""

from functools import lru_cache
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

if TYPE_CHECKING:
    from metrics.history.base import HistoryStore


def get_store() -> "HistoryStore":
    """The configured history store.

    Raises ImproperlyConfigured when HISTORY_URL names no known engine.
    """
    return _store(settings.HISTORY_URL)


@lru_cache
def _store(url: str) -> "HistoryStore":
    from metrics.history.relational import RelationalStore

    if url:
        raise ImproperlyConfigured(
            f"HISTORY_URL={url!r} names no known history engine; empty means the relational "
            "database."
        )
    return RelationalStore()

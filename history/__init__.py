"""The history of all Metrics: one store, chosen by the setting HISTORY_URL."""

from functools import lru_cache
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

if TYPE_CHECKING:
    from history.store import HistoryStore


def get_store() -> "HistoryStore":
    """The configured history store.

    Raises ImproperlyConfigured when HISTORY_URL names no known engine.
    """
    return store_at(settings.HISTORY_URL)


@lru_cache
def store_at(url: str) -> "HistoryStore":
    """The history store of a URL as HISTORY_URL takes it; "" is the relational database.

    Raises ImproperlyConfigured when the URL names no known engine, or misses something.
    """
    scheme, separator, _ = url.partition("://")
    if scheme in {"clickhouse", "chdb"}:
        from history.clickhouse.store import ClickHouseStore

        return ClickHouseStore(url)
    if url:
        named = scheme if separator else "it is no URL"
        raise ImproperlyConfigured(
            f"HISTORY_URL names no known history engine: {named}. "
            "There are clickhouse://, chdb:// and, where it is empty, the relational database."
        )
    from history.relational.store import RelationalStore

    return RelationalStore()

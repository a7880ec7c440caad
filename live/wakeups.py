"""What tells the process that there are new readings."""

import asyncio
from abc import ABC, abstractmethod
from typing import Any, Protocol

import psycopg
from django.conf import settings
from django.db import connection

from energy.databases import libpq
from live.receivers import CHANNEL

POLL_SECONDS = 0.1


class Asks(Protocol):
    """Somebody who asks the database without holding up the event loop."""

    async def ask(self, question: Any, *arguments: Any) -> Any: ...


class Wakeups(ABC):
    """Gathers of which Metrics there are new readings."""

    def __init__(self, asks: Asks) -> None:
        self._asks = asks
        self._news = asyncio.Event()
        self._ids: set[int] = set()
        self._is_about_any = False

    @abstractmethod
    async def listen(self) -> None:
        """Take wake-ups, for as long as all goes well."""

    async def taken(self) -> set[int] | None:
        """Wait for news; which Metrics they are about, None where that is not known."""
        await self._news.wait()
        ids = None if self._is_about_any else self._ids
        self._ids, self._is_about_any = set(), False
        self._news.clear()
        return ids

    def _tell(self, ids: set[int] | None) -> None:
        self._is_about_any = self._is_about_any or ids is None
        self._ids |= ids or set()
        self._news.set()


class PolledFile(Wakeups):
    """SQLite counts in its file what other connections have committed."""

    def __init__(self, asks: Asks) -> None:
        super().__init__(asks)
        self._version: int | None = None

    async def listen(self) -> None:
        version = await self._asks.ask(_data_version)
        if version != self._version:
            self._version = version
            self._tell(None)
        await asyncio.sleep(POLL_SECONDS)


class Notifications(Wakeups):
    """PostgreSQL passes on the ids that whoever stored readings has named."""

    async def listen(self) -> None:
        options = libpq(settings.DATABASES["default"])
        try:
            listening = await psycopg.AsyncConnection.connect(**options, autocommit=True)
        except psycopg.Error:
            await asyncio.sleep(1)
            return
        async with listening:
            await listening.execute(f"LISTEN {CHANNEL}")
            # What was stored while nobody listened.
            self._tell(None)
            try:
                async for notification in listening.notifies():
                    self._tell({int(text) for text in notification.payload.split(",")})
            except psycopg.OperationalError:
                await asyncio.sleep(1)


def wakeups(asks: Asks) -> Wakeups:
    """Those of the database in use."""
    return Notifications(asks) if connection.vendor == "postgresql" else PolledFile(asks)


def _data_version() -> int:
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA data_version")
        return int(cursor.fetchone()[0])
